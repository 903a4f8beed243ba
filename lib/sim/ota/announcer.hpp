#pragma once

#include <memory>
#include <string>

#include "protocol/dnssd/responder_station.hpp"
#include "sim/ota/kind.hpp"

namespace aiot::sim::ota {

/// Announces a device by multicast DNS, if Options::announces, as its firmware would: a restart is
/// silence, then the new announcement.
class Announcer {
 public:
  /// From a restart to the announcement.
  static constexpr std::chrono::milliseconds boot_time{500};

  Announcer(const net::asio::any_io_executor& executor, const Options& options)
      : executor_(executor), clock_(*options.clock), enabled_(options.announces) {}
  ~Announcer() { stop(); }
  Announcer(const Announcer&) = delete;
  Announcer& operator=(const Announcer&) = delete;

  /// Begins, or says something else. Without a network nobody receives it, which is no failure.
  void say(const dnssd::Offer& offer);
  /// Without a goodbye.
  void stop();

 private:
  net::asio::any_io_executor executor_;
  net::Clock& clock_;
  bool enabled_;
  std::shared_ptr<dnssd::Links> links_;
};

}  // namespace aiot::sim::ota
