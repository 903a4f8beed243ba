#pragma once

#include <deque>
#include <random>
#include <string>
#include <vector>

#include "net/datagram_engine.hpp"
#include "protocol/ssdp/message.hpp"

namespace aiot::ssdp {

/// A network that a device is on, and where its description is on it. One that has both IPv4 and
/// IPv6 is two.
struct Site {
  unsigned interface = 0;  ///< index
  std::string location;    ///< "http://192.0.2.1:8080/description.xml"
  bool v6 = false;         ///< spoken on it over IPv6, in the group of its link
};

/// A root device without embedded devices or services.
struct ResponderOptions {
  std::string udn;          ///< "uuid:2fac1234-31f8-11b4-a222-08002b34c003"
  std::string device_type;  ///< "urn:schemas-upnp-org:device:Basic:1"
  std::string server = "Linux/6 UPnP/2.0 aiotctl/1";
  std::vector<Site> places;
  std::chrono::seconds max_age{1800};  ///< section 1.2.2 wants half an hour or more
  std::uint32_t boot_id = 1;
  std::uint32_t seed = 1;  ///< spreads the answers of many
};

/// The device's side of SSDP over IPv4 and IPv6 as an engine without I/O: announces itself on every
/// place, twice and then well before the last announcement ages, answers searches, says goodbye
/// (UPnP Device Architecture 2.0, 1.2 and 1.3; annex A for IPv6).
class Responder final : public net::DatagramEngine {
 public:
  Responder(ResponderOptions options, net::TimePoint now);

  void on_datagram(net::TimePoint now, const net::Datagram& datagram) override;
  std::optional<net::TimePoint> next_timer() const override;
  void on_timer(net::TimePoint now) override;
  std::optional<net::OutgoingDatagram> take_output() override;
  /// Announces that it leaves (1.2.3); nothing is answered any more.
  void say_goodbye();

  /// Answers that wait for their time; searches beyond that are dropped, as on a busy device.
  static constexpr std::size_t max_pending = 64;

 private:
  struct Pending {
    net::TimePoint due;
    net::OutgoingDatagram answer;
  };

  std::vector<std::string> targets() const;
  /// What of targets() a search asks for, each as the answer names it.
  std::vector<std::string> matches(std::string_view wanted) const;
  std::string usn(std::string_view target) const;
  const Site* place_of(const net::Datagram& datagram) const;
  std::string answer(std::string_view target, const Site& place) const;
  std::string notify(std::string_view nts, std::string_view target, const Site& place) const;
  void announce(std::string_view nts);

  ResponderOptions options_;
  std::minstd_rand random_;
  unsigned announcements_ = 0;
  net::TimePoint next_announcement_;
  std::vector<Pending> pending_;
  std::deque<net::OutgoingDatagram> output_;
  bool gone_ = false;
};

}  // namespace aiot::ssdp
