#pragma once

#include <map>
#include <memory>
#include <vector>

#include "protocol/dnssd/links.hpp"
#include "protocol/dnssd/responder.hpp"

namespace aiot::dnssd {

/// Offers services on every link: what a virtual device runs.
///
///     auto links = Links::open(executor, interfaces);
///     AIOT_TRY(auto station, ResponderStation::make(links, interfaces, host, offers, seed, now));
///     Links::start(links, station, executor);
///     …
///     station->say_goodbye();
///     links->close();
class ResponderStation final : public Station {
 public:
  /// On each link `host` has the addresses of its interface. Errc::bad_name.
  static Result<std::shared_ptr<ResponderStation>> make(
      std::shared_ptr<Links> links, const std::vector<net::Interface>& interfaces, const Name& host,
      const std::vector<Offer>& offers, std::uint32_t seed, net::TimePoint now);

  void on_message(LinkId link, const Message& message, const boost::asio::ip::udp::endpoint& from,
                  net::TimePoint now) override;
  void on_timer(net::TimePoint now) override;
  net::TimePoint next_timer() const override;
  /// Withdraws everything, once, on all links.
  void say_goodbye();

 private:
  explicit ResponderStation(std::shared_ptr<Links> links) : links_(std::move(links)) {}
  void send(LinkId link, Responder& responder);

  std::shared_ptr<Links> links_;
  std::map<LinkId, Responder> responders_;
};

}  // namespace aiot::dnssd
