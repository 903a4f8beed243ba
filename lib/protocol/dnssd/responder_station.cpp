#include "protocol/dnssd/responder_station.hpp"

#include <algorithm>

namespace aiot::dnssd {

using net::TimePoint;

Result<std::shared_ptr<ResponderStation>> ResponderStation::make(
    std::shared_ptr<Links> links, const std::vector<net::Interface>& interfaces, const Name& host,
    const std::vector<Offer>& offers, std::uint32_t seed, TimePoint now) {
  std::shared_ptr<ResponderStation> out(new ResponderStation(std::move(links)));
  for (const LinkId link : out->links_->links()) {
    std::vector<IpAddress> addresses;
    for (const net::Interface& interface : interfaces) {
      if (interface.index != link.interface) continue;
      for (const auto& address : interface.addresses) addresses.push_back(address.address);
    }
    AIOT_TRY(Responder responder, Responder::make(host, addresses, offers, seed++, now));
    out->responders_.emplace(link, std::move(responder));
  }
  return out;
}

void ResponderStation::on_message(LinkId link, const Message& message,
                                  const boost::asio::ip::udp::endpoint& from, TimePoint now) {
  Responder& responder = responders_.at(link);
  responder.on_message(message, from, now);
  send(link, responder);
}

void ResponderStation::on_timer(TimePoint now) {
  for (auto& [link, responder] : responders_) {
    responder.on_timer(now);
    send(link, responder);
  }
}

TimePoint ResponderStation::next_timer() const {
  TimePoint next = TimePoint::max();
  for (const auto& [link, responder] : responders_) next = std::min(next, responder.next_timer());
  return next;
}

void ResponderStation::say_goodbye() {
  for (auto& [link, responder] : responders_) {
    responder.say_goodbye();
    send(link, responder);
  }
}

void ResponderStation::send(LinkId link, Responder& responder) {
  for (const Responder::Send& send : responder.take_output()) {
    if (send.to) {
      links_->send_to(link, *send.to, send.payload);
    } else {
      links_->send_to_group(link, send.payload);
    }
  }
}

}  // namespace aiot::dnssd
