#include "protocol/dnssd/search.hpp"

#include <algorithm>

namespace aiot::dnssd {

Search::Search(std::shared_ptr<Links> links, const std::vector<Name>& types, net::TimePoint now)
    : links_(std::move(links)) {
  for (const LinkId link : links_->links()) {
    QuerierOptions options;
    options.types = types;
    options.interface = link.interface;
    queriers_.emplace(link, Querier(std::move(options), now));
  }
}

void Search::on_message(LinkId link, const Message& message,
                        const boost::asio::ip::udp::endpoint& from, net::TimePoint now) {
  Querier& querier = queriers_.at(link);
  querier.on_message(message, now, from.address());
  act(link, querier);
}

void Search::on_timer(net::TimePoint now) {
  for (auto& [link, querier] : queriers_) {
    if (querier.next_timer() > now) continue;
    querier.on_timer(now);
    act(link, querier);
  }
}

net::TimePoint Search::next_timer() const {
  net::TimePoint next = net::TimePoint::max();
  for (const auto& [link, querier] : queriers_) next = std::min(next, querier.next_timer());
  return next;
}

void Search::act(LinkId link, Querier& querier) {
  for (Querier::Action& action : querier.take_actions()) {
    if (const auto* send = std::get_if<Querier::Send>(&action)) {
      links_->send_to_group(link, send->payload, send->unicast);
    } else if (auto* changed = std::get_if<Querier::Changed>(&action)) {
      found(link, std::move(changed->service));
    } else {
      lost(link, std::get<Querier::Gone>(action).service);
    }
  }
}

}  // namespace aiot::dnssd
