#include "sim/gadget/udp_service.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace aiot::sim::gadget {

namespace asio = net::asio;

UdpService::UdpService(asio::any_io_executor executor, std::shared_ptr<net::DatagramEngine> engine)
    : executor_(std::move(executor)), engine_(std::move(engine)), timer_(executor_) {}

Result<void> UdpService::open(const net::UdpOptions& options) {
  AIOT_TRY(net::UdpSocket socket, net::UdpSocket::open(executor_, options));
  sockets_.push_back(std::make_unique<net::UdpSocket>(std::move(socket)));
  own_v4_ = sockets_.back().get();
  return {};
}

Result<void> UdpService::open_v6() {
  net::UdpOptions options;
  options.v6 = true;
  options.port = port();
  AIOT_TRY(net::UdpSocket socket, net::UdpSocket::open(executor_, options));
  sockets_.push_back(std::make_unique<net::UdpSocket>(std::move(socket)));
  own_v6_ = sockets_.back().get();
  return {};
}

Result<void> UdpService::hear(const asio::ip::address& group, std::uint16_t port,
                              const std::vector<net::Interface>& interfaces) {
  if (group.is_v6() && group.to_v6().is_multicast_link_local()) {
    return hear_on_links(group.to_v6(), port, interfaces);
  }
  net::UdpOptions options;
  options.v6 = group.is_v6();
  options.port = port;
  options.share_port = true;
  options.bind = group;
  AIOT_TRY(net::UdpSocket socket, net::UdpSocket::open(executor_, options));
  for (const net::Interface& interface : interfaces) {
    if (!interface.multicast) continue;
    // An interface without this kind of address has none of its searchers either.
    const Result<void> joined = socket.join(group, interface.index);
    static_cast<void>(joined);
  }
  sockets_.push_back(std::make_unique<net::UdpSocket>(std::move(socket)));
  return {};
}

/// A socket that hears nothing but such a group is of one link.
Result<void> UdpService::hear_on_links(asio::ip::address_v6 group, std::uint16_t port,
                                       const std::vector<net::Interface>& interfaces) {
  for (const net::Interface& interface : interfaces) {
    if (!interface.multicast) continue;
    group.scope_id(interface.index);
    net::UdpOptions options;
    options.v6 = true;
    options.port = port;
    options.share_port = true;
    options.bind = group;
    AIOT_TRY(net::UdpSocket socket, net::UdpSocket::open(executor_, options));
    if (!socket.join(group, interface.index)) continue;  // it has no IPv6
    sockets_.push_back(std::make_unique<net::UdpSocket>(std::move(socket)));
  }
  return {};
}

std::uint16_t UdpService::port() const {
  return own_v4_ == nullptr ? std::uint16_t{0} : own_v4_->port();
}

void UdpService::start() {
  for (const auto& socket : sockets_) {
    const auto work = [self = shared_from_this(), raw = socket.get()]() -> asio::awaitable<void> {
      const Result<void> ended = co_await self->read(*raw);
      static_cast<void>(ended);  // closed
    };
    asio::co_spawn(executor_, work, asio::detached);
  }
  pump();
}

net::Task<void> UdpService::read(net::UdpSocket& socket) {
  for (;;) {
    Result<net::Datagram> got = co_await socket.receive(net::TimePoint::max());
    if (!got) co_return std::move(got).error();
    if (closed_) co_return Result<void>();
    engine_->on_datagram(net::steady_clock().now(), *got);
    pump();
  }
}

void UdpService::pump() {
  if (closed_ || sockets_.empty()) return;
  const net::TimePoint now = net::steady_clock().now();
  if (const auto due = engine_->next_timer(); due && *due <= now) engine_->on_timer(now);
  while (const std::optional<net::OutgoingDatagram> out = engine_->take_output()) {
    net::UdpSocket* from = own(out->to.address().is_v6());
    if (from == nullptr) continue;
    // Who cannot be reached does not hear us, as on any network.
    const Result<void> sent = from->send(out->to, out->payload, out->interface);
    static_cast<void>(sent);
  }
  const auto next = engine_->next_timer();
  if (!next) {
    timer_.cancel();
    return;
  }
  timer_.expires_at(*next);
  timer_.async_wait([self = shared_from_this()](boost::system::error_code error) {
    if (!error) self->pump();
  });
}

void UdpService::close() {
  pump();
  closed_ = true;
  timer_.cancel();
  for (const auto& socket : sockets_) socket->close();
}

}  // namespace aiot::sim::gadget
