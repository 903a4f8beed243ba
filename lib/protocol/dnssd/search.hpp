#pragma once

#include <map>
#include <memory>
#include <vector>

#include "protocol/dnssd/links.hpp"
#include "protocol/dnssd/querier.hpp"

namespace aiot::dnssd {

/// A querier on each link. What is known of a service goes to found() and lost().
class Search : public Station {
 public:
  /// Asks for `types` from the start, and enumerates all others.
  Search(std::shared_ptr<Links> links, const std::vector<Name>& types, net::TimePoint now);

  void on_message(LinkId link, const Message& message, const boost::asio::ip::udp::endpoint& from,
                  net::TimePoint now) override;
  void on_timer(net::TimePoint now) override;
  net::TimePoint next_timer() const override;

 private:
  /// More is known of a service on this link than before.
  virtual void found(LinkId link, Service service) = 0;
  /// It said goodbye on this link, or was not heard again.
  virtual void lost(LinkId, const Service&) {}
  void act(LinkId link, Querier& querier);

  std::shared_ptr<Links> links_;
  std::map<LinkId, Querier> queriers_;
};

}  // namespace aiot::dnssd
