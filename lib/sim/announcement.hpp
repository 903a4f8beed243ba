#pragma once

#include <memory>
#include <string>

#include "protocol/dnssd/responder_station.hpp"

namespace aiot::sim {

/// What a virtual device says of itself by mDNS, from announce() to withdraw(). Without a network
/// nobody receives it, which is no failure.
class Announcement {
 public:
  Announcement(net::asio::any_io_executor executor, net::Clock& clock)
      : executor_(std::move(executor)), clock_(clock) {}

  /// In the place of what it said before. `host` is without ".local".
  void announce(const std::string& host, const dnssd::Offer& offer);
  void withdraw();
  /// Without a goodbye, as a restart or a loss of power does.
  void fall_silent();

 private:
  net::asio::any_io_executor executor_;
  net::Clock& clock_;
  std::shared_ptr<dnssd::Links> links_;
  std::shared_ptr<dnssd::ResponderStation> station_;
};

}  // namespace aiot::sim
