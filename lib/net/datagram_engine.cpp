#include "net/datagram_engine.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

namespace aiot::net {

DatagramDriver::DatagramDriver(asio::any_io_executor executor, Clock& clock,
                               std::shared_ptr<DatagramEngine> engine)
    : executor_(std::move(executor)), clock_(clock), engine_(std::move(engine)) {}
DatagramDriver::~DatagramDriver() = default;

Result<std::size_t> DatagramDriver::open(const UdpOptions& options, Use use) {
  AIOT_TRY(UdpSocket socket, UdpSocket::open(executor_, options));
  sockets_.push_back(std::make_unique<Socket>(Socket{std::move(socket), options.v6, use}));
  return sockets_.size() - 1;
}

Result<void> DatagramDriver::join(std::size_t socket, const asio::ip::address& group,
                                  unsigned interface) {
  return sockets_[socket]->socket.join(group, interface);
}

std::uint16_t DatagramDriver::port(std::size_t socket) const {
  return sockets_[socket]->socket.port();
}

void DatagramDriver::start() {
  for (const auto& socket : sockets_) {
    const auto work = [self = shared_from_this(), raw = socket.get()]() -> asio::awaitable<void> {
      const Result<void> ended = co_await self->read(*raw);
      static_cast<void>(ended);  // closed
    };
    asio::co_spawn(executor_, work, asio::detached);
  }
  pump();
}

Task<void> DatagramDriver::read(Socket& socket) {
  for (;;) {
    Result<Datagram> got = co_await socket.socket.receive(TimePoint::max());
    if (!got) co_return std::move(got).error();
    if (closed_) co_return Result<void>();
    engine_->on_datagram(clock_.now(), *got);
    pump();
  }
}

DatagramDriver::Socket* DatagramDriver::socket_for(const OutgoingDatagram& out) {
  if (out.socket < sockets_.size()) return sockets_[out.socket].get();
  for (const auto& socket : sockets_) {
    const bool sends = socket->use == Use::send_and_receive;
    if (sends && socket->v6 == out.to.address().is_v6()) return socket.get();
  }
  return nullptr;
}

void DatagramDriver::send(const OutgoingDatagram& out) {
  Socket* socket = socket_for(out);
  if (socket == nullptr || closed_) return;
  // One peer that cannot be reached must not end the service of the others.
  const Result<void> sent = socket->socket.send(out.to, out.payload, out.interface);
  static_cast<void>(sent);
}

void DatagramDriver::pump() {
  if (closed_) return;
  const TimePoint now = clock_.now();
  if (const auto due = engine_->next_timer(); due && *due <= now) engine_->on_timer(now);
  while (const std::optional<OutgoingDatagram> out = engine_->take_output()) {
    send(*out);
  }
  wait_for_timer();
}

void DatagramDriver::wait_for_timer() {
  const std::optional<TimePoint> next = engine_->next_timer();
  if (next == timer_) return;
  stop_waiting();
  timer_ = next;
  if (!next || *next == TimePoint::max()) return;
  stop_timer_ = std::make_shared<asio::cancellation_signal>();
  const auto work = [self = shared_from_this(), when = *next,
                     signal = stop_timer_]() -> asio::awaitable<void> {
    co_await asio::this_coro::throw_if_cancelled(false);
    const Result<void> slept = co_await self->clock_.sleep_until(when);
    if (!slept || self->stop_timer_ != signal) co_return;
    self->stop_timer_.reset();  // this wait is over
    self->timer_.reset();
    self->pump();
  };
  asio::co_spawn(executor_, work, asio::bind_cancellation_slot(stop_timer_->slot(), asio::detached));
}

void DatagramDriver::stop_waiting() {
  if (!stop_timer_) return;
  // Not at once: a coroutine that is cancelled before its first step throws.
  asio::post(executor_, [signal = std::move(stop_timer_)] {
    signal->emit(asio::cancellation_type::terminal);
  });
  stop_timer_.reset();
}

void DatagramDriver::close() {
  if (closed_) return;
  pump();
  closed_ = true;
  stop_waiting();
  for (const auto& socket : sockets_) socket->socket.close();
}

Task<void> serve_datagrams(UdpSocket& socket, DatagramEngine& engine, Clock& clock) {
  for (;;) {
    while (std::optional<OutgoingDatagram> out = engine.take_output()) {
      const Result<void> sent = socket.send(out->to, out->payload, out->interface);
      if (!sent && sent.error().code != Errc::io) co_return sent.error();
    }
    const TimePoint until = engine.next_timer().value_or(TimePoint::max());
    Result<Datagram> got = co_await socket.receive(until);
    if (got) {
      engine.on_datagram(clock.now(), *got);
      continue;
    }
    if (got.error().code == Errc::timed_out) {
      engine.on_timer(clock.now());
    } else if (got.error().code == Errc::link_lost) {
      co_return Result<void>();
    } else {
      co_return std::move(got).error();
    }
  }
}

}  // namespace aiot::net
