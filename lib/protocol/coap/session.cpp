#include "protocol/coap/session.hpp"

#include <algorithm>
#include <boost/asio/this_coro.hpp>

#include "net/resolve.hpp"

namespace aiot::coap {
namespace {

using boost::system::error_code;
using net::asio::ip::udp;

}  // namespace

Result<Session> Session::open(const net::asio::any_io_executor& executor, net::Clock& clock,
                              const udp::endpoint& server) {
  net::UdpOptions options;
  options.v6 = server.address().is_v6();
  AIOT_TRY(net::UdpSocket socket, net::UdpSocket::open(executor, options));
  return Session(std::move(socket), clock, server);
}

net::Task<Session> Session::open(std::string host, std::uint16_t port, net::Clock& clock,
                                 net::TimePoint deadline) {
  const net::asio::any_io_executor executor = co_await net::asio::this_coro::executor;
  Result<net::asio::ip::address> address = co_await net::resolve(std::move(host), deadline);
  if (!address) co_return std::move(address).error();
  co_return open(executor, clock, udp::endpoint(*address, port));
}

Result<void> Session::flush() {
  while (const std::optional<Bytes> out = requester_->take_output()) {
    AIOT_CHECK(socket_.send(server_, *out));
  }
  return {};
}

Result<void> Session::start(Request request, const Timing& timing) {
  requester_ = std::make_unique<Requester>(std::move(request), random_ids(), timing);
  requester_->start(clock_->now());
  return flush();
}

net::Task<Response> Session::next(net::TimePoint deadline) {
  for (;;) {
    if (std::optional<Result<Response>> response = requester_->take_response())
      co_return *std::move(response);
    if (requester_->finished()) co_return make_error(net::Errc::link_lost, "nothing was asked");
    const net::TimePoint until =
        std::min(deadline, requester_->next_timer().value_or(net::TimePoint::max()));
    Result<net::Datagram> got = co_await socket_.receive(until);
    const net::TimePoint now = clock_->now();
    if (got) {
      if (got->from == server_) requester_->on_datagram(now, got->payload);
    } else if (got.error().code != net::Errc::timed_out) {
      co_return std::move(got).error();
    } else {
      requester_->on_timer(now);
      if (now >= deadline) co_return std::move(got).error();
    }
    Result<void> sent = flush();
    AIOT_CO_CHECK(std::move(sent));
  }
}

Result<void> Session::stop() {
  if (!requester_) return {};
  requester_->stop(clock_->now());
  return flush();
}

net::Task<Response> get(udp::endpoint server, Request request, net::Clock& clock,
                        net::TimePoint deadline) {
  const net::asio::any_io_executor executor = co_await net::asio::this_coro::executor;
  Result<Session> session = Session::open(executor, clock, server);
  if (!session) co_return std::move(session).error();
  Result<void> started = session->start(std::move(request));
  AIOT_CO_CHECK(std::move(started));
  Result<Response> response = co_await session->next(deadline);
  co_return response;
}

}  // namespace aiot::coap
