#include "sim/ota/tcp_server.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "net/error.hpp"
#include "sim/port.hpp"

namespace aiot::sim::ota {
namespace {

/// Pieces that a device takes ahead: what its TCP has room for.
constexpr std::size_t most_waiting = 2;

}  // namespace

net::Task<void> Conversation::receive(net::FdStream& stream, net::TimePoint deadline) {
  std::array<std::uint8_t, 4096> buffer;
  AIOT_CO_TRY(const std::size_t got, co_await stream.read_some(buffer, deadline));
  bytes_in_ += got;
  const net::TimePoint written = pace_.written(net::steady_clock().now(), got);
  waiting_.push_back({written, Bytes(buffer.begin(), buffer.begin() + got)});
  co_return Result<void>();
}

net::Task<void> Conversation::serve(net::FdStream& stream) {
  waiting_.clear();
  std::optional<Error> ended;
  while (!engine_.wants_close()) {
    const bool idle = waiting_.empty();
    if (idle && ended) co_return *std::move(ended);
    const net::TimePoint due = idle ? net::TimePoint::max() : waiting_.front().written;
    // While the flash is busy, more arrives.
    const bool is_busy = idle || due > net::steady_clock().now();
    if (is_busy && !ended && waiting_.size() < most_waiting) {
      Result<void> read = co_await receive(stream, due);
      if (!read && read.error().code != net::Errc::timed_out) ended = std::move(read).error();
      continue;
    }
    Result<void> slept = co_await net::steady_clock().sleep_until(due);
    if (!slept) co_return slept;
    const Bytes piece = std::move(waiting_.front().bytes);
    waiting_.pop_front();
    const Bytes reply = engine_.on_bytes(piece);
    if (reply.empty()) continue;
    bytes_out_ += reply.size();
    Result<void> sent = co_await stream.write(reply, net::TimePoint::max());
    if (!sent) co_return sent;
  }
  co_return Result<void>();
}

Result<std::unique_ptr<TcpServer>> TcpServer::open(const net::asio::any_io_executor& executor,
                                                   ConnectionEngine& engine, std::string_view port,
                                                   const Options& options) {
  const std::string spec = port.empty() ? "tcp" : "tcp:" + std::string(port);
  AIOT_TRY(const std::uint16_t number, tcp_port_of(spec, options.index));
  const net::asio::ip::tcp::endpoint local(net::asio::ip::address_v4::loopback(), number);
  AIOT_TRY(net::TcpListener listener, net::TcpListener::open(executor, local));
  return std::unique_ptr<TcpServer>(
      new TcpServer(executor, engine, std::move(listener), options.write_time));
}

void TcpServer::start() {
  net::asio::co_spawn(
      executor_,
      [this]() -> net::asio::awaitable<void> {
        const Result<void> ended = co_await accept();
        static_cast<void>(ended);  // the loop has ended
      },
      net::asio::detached);
}

net::Task<void> TcpServer::accept() {
  for (;;) {
    AIOT_CO_TRY(net::Accepted accepted, co_await listener_.accept(net::TimePoint::max()));
    engine_.on_connect();
    Result<void> served = co_await conversation_.serve(accepted.stream);
    static_cast<void>(served);  // the host has left
    accepted.stream.close();
  }
}

Result<void> TcpDevice::open(const net::asio::any_io_executor& executor, std::string_view port,
                             const Options& options) {
  AIOT_TRY(server_, TcpServer::open(executor, *this, port, options));
  return {};
}

std::string TcpDevice::address() const {
  return fmt::format("{}://127.0.0.1:{}", scheme_, server_->port());
}

DeviceResult TcpDevice::report() const {
  DeviceResult result;
  result.chip = scheme_;
  result.address = address();
  result.bytes_in = server_->conversation().bytes_in();
  result.bytes_out = server_->conversation().bytes_out();
  result.commands = commands();
  result.running = running();
  return result;
}

}  // namespace aiot::sim::ota
