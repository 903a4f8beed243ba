#include "protocol/miio/session.hpp"

#include <algorithm>
#include <boost/asio/this_coro.hpp>

namespace aiot::miio {

net::Task<std::string> ask(net::asio::ip::udp::endpoint device, Call call, net::Clock& clock,
                           net::TimePoint deadline) {
  const net::asio::any_io_executor executor = co_await net::asio::this_coro::executor;
  net::UdpOptions options;
  options.v6 = device.address().is_v6();
  Result<net::UdpSocket> socket = net::UdpSocket::open(executor, options);
  if (!socket) co_return std::move(socket).error();
  call.start(clock.now());
  for (;;) {
    while (const std::optional<Bytes> out = call.take_output()) {
      Result<void> sent = socket->send(device, *out);
      if (!sent) co_return std::move(sent).error();
    }
    if (call.result()) co_return *call.result();
    const net::TimePoint until = std::min(deadline, call.next_timer().value_or(deadline));
    Result<net::Datagram> got = co_await socket->receive(until);
    if (got) {
      if (got->from == device) call.on_datagram(clock.now(), got->payload);
    } else if (got.error().code != net::Errc::timed_out || clock.now() >= deadline) {
      co_return std::move(got).error();
    } else {
      call.on_timer(clock.now());
    }
  }
}

}  // namespace aiot::miio
