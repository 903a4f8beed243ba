#include "protocol/dnssd/links.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <exception>

#include "net/deadline.hpp"

namespace aiot::dnssd {
namespace {

namespace asio = boost::asio;
using asio::ip::udp;

asio::ip::address group_address(LinkId link) {
  if (!link.v6) return asio::ip::make_address_v4("224.0.0.251");
  asio::ip::address_v6 group = asio::ip::make_address_v6("ff02::fb");
  group.scope_id(link.interface);
  return group;
}

bool has_address(const net::Interface& interface, bool v6) {
  return std::any_of(interface.addresses.begin(), interface.addresses.end(),
                     [v6](const net::InterfaceAddress& a) { return a.address.is_v6() == v6; });
}

asio::ip::address without_scope(const asio::ip::address& address) {
  if (address.is_v4()) return address;
  return asio::ip::address_v6(address.to_v6().to_bytes());
}

}  // namespace

udp::endpoint group_on(LinkId link) { return {group_address(link), mdns_port}; }

std::shared_ptr<Links> Links::open(const asio::any_io_executor& executor,
                                   const std::vector<net::Interface>& interfaces) {
  auto self = std::make_shared<Links>();
  for (const bool v6 : {false, true}) {
    net::UdpOptions own;
    own.v6 = v6;
    Result<net::UdpSocket> socket = net::UdpSocket::open(executor, own);
    if (!socket) continue;  // a machine without this version of IP
    self->sockets_.push_back(std::make_unique<Socket>(Socket{*std::move(socket), v6, 0, true}));
    for (const net::Interface& interface : interfaces) {
      if (!interface.multicast || !has_address(interface, v6)) continue;
      const LinkId link{interface.index, v6};
      self->links_.push_back(link);
      self->names_.push_back(fmt::format("{} {}", interface.name, v6 ? "IPv6" : "IPv4"));
      for (const net::InterfaceAddress& address : interface.addresses) {
        self->own_addresses_.emplace_back(without_scope(address.address), link);
      }
      self->open_group(executor, link);
    }
  }
  return self;
}

void Links::open_group(const asio::any_io_executor& executor, LinkId link) {
  net::UdpOptions options;
  options.v6 = link.v6;
  options.port = mdns_port;
  options.share_port = true;
  options.bind = group_address(link);
  Result<net::UdpSocket> socket = net::UdpSocket::open(executor, options);
  if (!socket || !socket->join(options.bind, link.interface)) {
    hears_groups_ = false;
    return;
  }
  sockets_.push_back(
      std::make_unique<Socket>(Socket{*std::move(socket), link.v6, link.interface, false}));
}

std::string Links::text() const { return fmt::format("{}", fmt::join(names_, ", ")); }

net::UdpSocket* Links::socket_for(LinkId link, bool own_port) {
  for (const auto& socket : sockets_) {
    if (socket->v6 != link.v6 || socket->own_port != own_port) continue;
    if (own_port || socket->interface == link.interface) return &socket->socket;
  }
  return nullptr;
}

std::optional<LinkId> Links::link_of(const net::Datagram& datagram) const {
  const LinkId link{datagram.interface, datagram.from.address().is_v6()};
  if (std::find(links_.begin(), links_.end(), link) != links_.end()) return link;
  // What a daemon of this machine sends by unicast comes in on the loopback interface.
  const asio::ip::address from = without_scope(datagram.from.address());
  for (const auto& [address, own_link] : own_addresses_) {
    if (address == from && own_link.v6 == link.v6) return own_link;
  }
  return std::nullopt;
}

void Links::send_to_group(LinkId link, ByteSpan payload, bool from_own_port) {
  net::UdpSocket* socket = socket_for(link, from_own_port);
  if (socket == nullptr) socket = socket_for(link, !from_own_port);
  if (socket == nullptr) return;
  // An interface that has just gone down is no reason to stop on the others.
  (void)socket->send(group_on(link), payload, link.interface);
}

void Links::send_to(LinkId link, const udp::endpoint& to, ByteSpan payload) {
  net::UdpSocket* socket = socket_for(link, false);
  if (socket != nullptr) (void)socket->send(to, payload, link.interface);
}

void Links::start(const std::shared_ptr<Links>& self, const std::shared_ptr<Station>& station,
                  const asio::any_io_executor& executor) {
  for (std::size_t i = 0; i < self->sockets_.size(); ++i) {
    asio::co_spawn(executor, read(self, i, station), [](std::exception_ptr thrown, Result<void>) {
      if (thrown) std::rethrow_exception(thrown);
    });
  }
}

/// Whoever has just changed the station's timers waits for the next of them itself, so nobody needs
/// to be woken.
net::Task<void> Links::read(std::shared_ptr<Links> self, std::size_t index,
                            std::shared_ptr<Station> station) {
  Socket& socket = *self->sockets_[index];
  while (!self->closed_) {
    Result<net::Datagram> datagram = co_await socket.socket.receive(station->next_timer());
    if (self->closed_) break;
    const net::TimePoint now = net::steady_clock().now();
    if (datagram) {
      const std::optional<LinkId> link = self->link_of(*datagram);
      Result<Message> message = decode(datagram->payload);
      const bool honest = message && (!message->response || datagram->from.port() == mdns_port);
      if (honest && link) station->on_message(*link, *message, datagram->from, now);
    } else if (datagram.error().code != net::Errc::timed_out) {
      co_return std::move(datagram).error();
    }
    if (station->next_timer() <= now) station->on_timer(now);
  }
  co_return Result<void>();
}

void Links::close() {
  closed_ = true;
  for (const auto& socket : sockets_) socket->socket.close();
}

}  // namespace aiot::dnssd
