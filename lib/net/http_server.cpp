#include "net/http_server.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "net/http_connection.hpp"

namespace aiot::net {
namespace {

using boost::system::error_code;

constexpr std::chrono::milliseconds accept_pause(100);  // out of descriptors
constexpr std::chrono::milliseconds stop_pause(10);
constexpr std::chrono::seconds sweep_period(1);
/// What the kernel may hold beyond what is under way: a slow reader costs no more.
constexpr int unsent_bytes = 128 * 1024;
constexpr std::size_t most_peers = 65536;

HttpServer::State::Key key_of(asio::ip::address address) {
  HttpServer::State::Key key{};
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  }
  if (address.is_v4()) {
    const auto bytes = address.to_v4().to_bytes();
    key[15] = 4;  // no /64 ends so
    std::ranges::copy(bytes, key.begin());
  } else {
    const auto bytes = address.to_v6().to_bytes();
    std::copy_n(bytes.begin(), 8, key.begin());
  }
  return key;
}

}  // namespace

HttpServer::HttpServer(asio::any_io_executor executor, Clock& clock, HttpLimits limits,
                       Handle handle, OnDone done)
    : state_(new State{std::move(executor), clock, limits, std::move(handle), std::move(done)}) {}

HttpServer::~HttpServer() {
  while (!state_->connections.empty()) state_->connections.back()->close(false);
}

void HttpServer::listen(Acceptor acceptor) {
  State& state = *state_;
  // Connections inherit these.
  const int on = 1;
  const int fd = acceptor.native_handle();
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent_bytes, sizeof unsent_bytes);
  ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  // Who says nothing costs the kernel alone, for a while.
  const int silent_s = 3;
  ::setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &silent_s, sizeof silent_s);
  const auto held = std::make_shared<Acceptor>(std::move(acceptor));
  if (state.acceptors.empty()) {
    auto sweep_until_stopped = [self = shared_from_this()]() -> asio::awaitable<void> {
      co_await asio::this_coro::throw_if_cancelled(false);
      for (;;) {
        const Result<void> slept = co_await self->state_->clock.sleep_for(sweep_period);
        if (!slept) co_return;
        self->sweep();
      }
    };
    asio::co_spawn(state.executor, std::move(sweep_until_stopped),
                   asio::bind_cancellation_slot(state.sweeping.slot(), asio::detached));
  }
  state.acceptors.push_back(held);
  asio::co_spawn(state.executor, accept(held), asio::detached);
}

asio::awaitable<void> HttpServer::accept(std::shared_ptr<Acceptor> acceptor) {
  const std::shared_ptr<HttpServer> self = shared_from_this();
  while (acceptor->is_open()) {
    asio::ip::tcp::socket socket(state_->executor);
    asio::ip::tcp::endpoint from;
    const auto [error] =
        co_await acceptor->async_accept(socket, from, asio::as_tuple(asio::use_awaitable));
    if (error == asio::error::operation_aborted) co_return;
    if (!error) {
      admit(std::move(socket), from.address());
    } else if (error != asio::error::connection_aborted) {
      const Result<void> slept = co_await state_->clock.sleep_for(accept_pause);
      if (!slept) co_return;
    }
  }
}

void HttpServer::admit(asio::ip::tcp::socket socket, const asio::ip::address& from) {
  State& state = *state_;
  ++state.counters.accepted;
  const State::Key key = key_of(from);
  if (state.connections.size() >= state.limits.connections) {
    // One that has asked for nothing makes room.
    const auto sooner = [](const auto& a, const auto& b) {
      return std::pair(!a->is_idle(), a->deadline()) < std::pair(!b->is_idle(), b->deadline());
    };
    const auto idle = std::ranges::min_element(state.connections, sooner);
    if (idle != state.connections.end() && (*idle)->is_idle()) (*idle)->close(true);
  }
  const bool known = state.peers.contains(key);
  if (state.stopping || state.connections.size() >= state.limits.connections ||
      (!known && state.peers.size() >= most_peers)) {
    ++state.counters.refused_connections;
    return;
  }
  Peer& peer = state.peers[key];
  if (!known) peer = {0, 2.0 * state.limits.rate_of_peer, state.clock.now()};
  if (peer.connections >= state.limits.connections_of_peer || !state.allow(peer)) {
    ++state.counters.refused_connections;
    return;
  }
  error_code error;
  socket.native_non_blocking(true, error);
  if (error) return;
  auto connection = std::make_shared<HttpConnection>(state, std::move(socket), from, key, tls_);
  ++peer.connections;
  connection->index_ = state.connections.size();
  state.connections.push_back(connection);
  connection->run();
}

void HttpServer::sweep() {
  State& state = *state_;
  const TimePoint now = state.clock.now();
  // From the end: who is closed changes places with the last, which was checked.
  for (std::size_t i = state.connections.size(); i-- > 0;) {
    if (i < state.connections.size()) state.connections[i]->check(now);
  }
  constexpr std::chrono::seconds forgotten_after(10);
  std::erase_if(state.peers, [&](const auto& entry) {
    return entry.second.connections == 0 && now - entry.second.at > forgotten_after;
  });
}

Task<void> HttpServer::stop(TimePoint deadline) {
  State& state = *state_;
  state.stopping = true;
  for (const auto& acceptor : state.acceptors) {
    error_code ignored;
    acceptor->close(ignored);
  }
  for (std::size_t i = state.connections.size(); i-- > 0;) {
    if (i < state.connections.size() && state.connections[i]->is_idle()) {
      state.connections[i]->close(true);
    }
  }
  while (!state.connections.empty() && state.clock.now() < deadline) {
    const Result<void> slept = co_await state.clock.sleep_for(stop_pause);
    if (!slept) break;
  }
  while (!state.connections.empty()) state.connections.back()->close(false);
  state.sweeping.emit(asio::cancellation_type::terminal);
  co_return Result<void>();
}

HttpCounters HttpServer::counters() const {
  HttpCounters out = state_->counters;
  out.connections = state_->connections.size();
  return out;
}

}  // namespace aiot::net
