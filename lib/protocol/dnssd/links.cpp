#include "protocol/dnssd/links.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace aiot::dnssd {
namespace {

namespace asio = boost::asio;
using asio::ip::udp;

asio::ip::address group_address(LinkId link) {
  if (!link.v6) return asio::ip::make_address_v4(std::string(group_v4));
  asio::ip::address_v6 group = asio::ip::make_address_v6(std::string(group_v6));
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

udp::endpoint group_on(LinkId link) { return {group_address(link), udp_port}; }

std::shared_ptr<Links> Links::open(const asio::any_io_executor& executor, net::Clock& clock,
                                   const std::vector<net::Interface>& interfaces) {
  std::shared_ptr<Links> self(new Links());
  // The driver calls the links until they close it, which they do before they end.
  std::shared_ptr<net::DatagramEngine> engine(std::shared_ptr<void>(), self.get());
  self->driver_ = std::make_shared<net::DatagramDriver>(executor, clock, std::move(engine));
  for (const bool v6 : {false, true}) {
    net::UdpOptions own;
    own.v6 = v6;
    const Result<std::size_t> socket = self->driver_->open(own);
    if (!socket) continue;  // a machine without this version of IP
    self->sockets_.push_back({*socket, v6, 0, true});
    for (const net::Interface& interface : interfaces) {
      if (!interface.multicast || !has_address(interface, v6)) continue;
      const LinkId link{interface.index, v6};
      self->links_.push_back(link);
      self->names_.push_back(fmt::format("{} {}", interface.name, v6 ? "IPv6" : "IPv4"));
      for (const net::InterfaceAddress& address : interface.addresses) {
        self->own_addresses_.emplace_back(without_scope(address.address), link);
      }
      self->open_group(link);
    }
  }
  return self;
}

Links::~Links() { close(); }

void Links::open_group(LinkId link) {
  net::UdpOptions options;
  options.v6 = link.v6;
  options.port = udp_port;
  options.share_port = true;
  options.bind = group_address(link);
  const Result<std::size_t> socket = driver_->open(options);
  if (!socket || !driver_->join(*socket, options.bind, link.interface)) {
    receives_groups_ = false;
    return;
  }
  sockets_.push_back({*socket, link.v6, link.interface, false});
}

std::string Links::text() const { return fmt::format("{}", fmt::join(names_, ", ")); }

const Links::Socket* Links::socket_for(LinkId link, bool own_port) const {
  for (const Socket& socket : sockets_) {
    if (socket.v6 != link.v6 || socket.own_port != own_port) continue;
    if (own_port || socket.interface == link.interface) return &socket;
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
  const Socket* socket = socket_for(link, from_own_port);
  if (socket == nullptr) socket = socket_for(link, !from_own_port);
  if (socket == nullptr) return;
  driver_->send({group_on(link), {payload.begin(), payload.end()}, link.interface, socket->number});
}

void Links::send_to(LinkId link, const udp::endpoint& to, ByteSpan payload) {
  const Socket* socket = socket_for(link, false);
  if (socket == nullptr) return;
  driver_->send({to, {payload.begin(), payload.end()}, link.interface, socket->number});
}

void Links::start(std::shared_ptr<Station> station) {
  station_ = std::move(station);
  driver_->start();
}

void Links::on_datagram(net::TimePoint now, const net::Datagram& datagram) {
  const std::optional<LinkId> link = link_of(datagram);
  const Result<Message> message = decode(datagram.payload);
  const bool honest = message && (!message->response || datagram.from.port() == udp_port);
  if (honest && link) station_->on_message(*link, *message, datagram.from, now);
}

std::optional<net::TimePoint> Links::next_timer() const { return station_->next_timer(); }

void Links::on_timer(net::TimePoint now) { station_->on_timer(now); }

void Links::close() {
  if (!station_) return;
  driver_->close();
  station_.reset();
}

}  // namespace aiot::dnssd
