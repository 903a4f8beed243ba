#pragma once

#include <memory>

#include "job/ota/protocol.hpp"
#include "protocol/dnssd/links.hpp"

/// What devices say of themselves by multicast DNS: the report of those that are asked for none.
namespace aiot::ota {

/// What a device has announced.
struct Announcement {
  std::string version;  ///< in its attributes; "" when they have none
  std::string project;  ///< of ESPHome: the version of the user's own project; "" when it has none
};

/// Listens to one service of one device, from begin() to the end of its life.
class Announcements {
 public:
  /// `type` is the service's, "_esphomelib._tcp". Where there is no multicast, or the device's name
  /// is not resolved, nothing is ever heard: that is no error.
  static net::Task<Announcements> begin(fleet::DeviceRun& run, std::string type);
  Announcements(Announcements&&) noexcept = default;
  Announcements& operator=(Announcements&& other) noexcept;
  ~Announcements();

  /// nullopt before anything was heard.
  std::optional<Announcement> heard() const;

 private:
  class Browser;
  Announcements() = default;

  std::shared_ptr<dnssd::Links> links_;
  std::shared_ptr<Browser> browser_;
};

/// After an update that a device took: waits until it announces itself again, and evaluates what it
/// announces now. `before` is what was heard until then; without it there is nothing to wait for.
/// Errc::not_back.
net::Task<void> await_announcement(fleet::DeviceRun& run, PushResult& result,
                                   const PushImage& image, const PushRequest& request,
                                   std::string type, std::optional<Announcement> before);

}  // namespace aiot::ota
