#include "sim/ota/tcp_server.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "sim/port.hpp"

namespace aiot::sim::ota {

net::Task<void> Conversation::serve(net::FdStream& stream) {
  std::array<std::uint8_t, 4096> buffer;
  while (!engine_.wants_close()) {
    Result<std::size_t> got = co_await stream.read_some(buffer, net::TimePoint::max());
    if (!got) co_return std::move(got).error();
    bytes_in_ += *got;
    const Bytes reply = engine_.on_bytes(ByteSpan(buffer).first(*got));
    if (reply.empty()) continue;
    bytes_out_ += reply.size();
    Result<void> written = co_await stream.write(reply, net::TimePoint::max());
    if (!written) co_return written;
  }
  co_return Result<void>();
}

Result<std::unique_ptr<TcpServer>> TcpServer::open(const net::asio::any_io_executor& executor,
                                                   ConnectionEngine& engine, std::string_view port,
                                                   unsigned index) {
  const std::string spec = port.empty() ? "tcp" : "tcp:" + std::string(port);
  AIOT_TRY(const std::uint16_t number, tcp_port_of(spec, index));
  const net::asio::ip::tcp::endpoint local(net::asio::ip::address_v4::loopback(), number);
  AIOT_TRY(net::TcpListener listener, net::TcpListener::open(executor, local));
  return std::unique_ptr<TcpServer>(new TcpServer(executor, engine, std::move(listener)));
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
                             unsigned index) {
  AIOT_TRY(server_, TcpServer::open(executor, *this, port, index));
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
