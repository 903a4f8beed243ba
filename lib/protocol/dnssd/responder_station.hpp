#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "protocol/dnssd/links.hpp"
#include "protocol/dnssd/responder.hpp"

namespace aiot::dnssd {

/// Offers services on every link: what a virtual device runs. Before it does it asks whether the
/// names are free (RFC 6762, section 8), and chooses others when they are not, or when somebody
/// claims them later (section 9): the same on all links.
///
///     auto links = Links::open(executor, clock, interfaces);
///     AIOT_TRY(auto station, ResponderStation::make(links, interfaces, host, offers, seed, now));
///     links->start(station);
///     …
///     station->say_goodbye();
///     links->close();
class ResponderStation final : public Station {
 public:
  /// On each link `host` has the addresses of its interface. Errc::bad_name.
  static Result<std::shared_ptr<ResponderStation>> make(
      std::shared_ptr<Links> links, const std::vector<net::Interface>& interfaces, const Name& host,
      const std::vector<Offer>& offers, std::uint32_t seed, net::TimePoint now);

  /// Called when a name was taken, with it and what is used in its place: the label of a service,
  /// or a host's whole name.
  void on_renamed(std::function<void(const std::string& from, const std::string& to)> told) {
    told_ = std::move(told);
  }

  void on_message(LinkId link, const Message& message, const boost::asio::ip::udp::endpoint& from,
                  net::TimePoint now) override;
  void on_timer(net::TimePoint now) override;
  net::TimePoint next_timer() const override;
  /// Withdraws everything, once, on all links.
  void say_goodbye();

 private:
  /// On one link: first it asks, then it answers.
  struct Voice {
    std::vector<IpAddress> addresses;
    std::vector<Record> records;  // this host's alone
    std::optional<Prober> prober;
    std::optional<Responder> responder;
    bool announced = false;  // once at least: it is to be withdrawn
  };

  explicit ResponderStation(std::shared_ptr<Links> links) : links_(std::move(links)) {}
  Result<void> begin(net::TimePoint now);
  void rename(const std::vector<Name>& taken, net::TimePoint now);
  bool is_contested(const Voice& voice, const Message& message) const;
  void settle(LinkId link, Voice& voice, net::TimePoint now);
  void send(LinkId link, Voice& voice);

  std::shared_ptr<Links> links_;
  Name host_;
  std::vector<Offer> offers_;
  std::uint32_t seed_ = 0;
  unsigned conflicts_ = 0;
  bool gone_ = false;
  std::map<LinkId, Voice> voices_;
  std::function<void(const std::string&, const std::string&)> told_ = [](const std::string&,
                                                                         const std::string&) {};
};

}  // namespace aiot::dnssd
