#include "protocol/smp/transport.hpp"

#include <array>
#include <utility>

#include "protocol/smp/packet.hpp"

namespace aiot::smp {
namespace {

class Console final : public Transport {
 public:
  explicit Console(std::unique_ptr<net::Link> link) : link_(std::move(link)) {}

  net::Clock& clock() override { return link_->clock(); }
  net::Task<void> send(ByteSpan packet, net::TimePoint deadline) override {
    const Bytes lines = to_lines(packet);
    co_return co_await link_->write(lines, deadline);
  }
  net::Task<Bytes> receive(net::TimePoint deadline) override {
    for (;;) {
      if (std::optional<Bytes> packet = reader_.next()) co_return std::move(*packet);
      // A console that never stops printing is no reason to stay.
      if (clock().now() >= deadline) co_return make_error(net::Errc::timed_out);
      AIOT_CO_TRY(const std::size_t size, co_await link_->read_some(buffer_, deadline));
      reader_.feed(ByteSpan(buffer_).first(size));
    }
  }
  net::Task<void> reopen(net::TimePoint deadline) override {
    reader_ = {};
    co_return co_await link_->reopen(deadline);
  }
  std::size_t least_packet_bytes() const override { return 256; }
  std::size_t most_packet_bytes() const override { return 2048; }

 private:
  std::unique_ptr<net::Link> link_;
  LineReader reader_;
  std::array<std::uint8_t, 4096> buffer_{};
};

class Udp final : public Transport {
 public:
  Udp(net::UdpSocket socket, net::asio::ip::udp::endpoint server, net::Clock& clock)
      : socket_(std::move(socket)), server_(std::move(server)), clock_(clock) {}

  net::Clock& clock() override { return clock_; }
  net::Task<void> send(ByteSpan packet, net::TimePoint) override {
    co_return socket_.send(server_, packet);
  }
  net::Task<Bytes> receive(net::TimePoint deadline) override {
    for (;;) {
      AIOT_CO_TRY(net::Datagram datagram, co_await socket_.receive(deadline));
      if (datagram.from == server_) co_return std::move(datagram.payload);
    }
  }
  net::Task<void> reopen(net::TimePoint) override { co_return Result<void>(); }
  std::size_t least_packet_bytes() const override { return 256; }
  /// In one Ethernet frame, behind the headers of IPv6 and UDP.
  std::size_t most_packet_bytes() const override { return 1500 - 40 - 8; }

 private:
  net::UdpSocket socket_;
  net::asio::ip::udp::endpoint server_;
  net::Clock& clock_;
};

}  // namespace

std::unique_ptr<Transport> over_console(std::unique_ptr<net::Link> link) {
  return std::make_unique<Console>(std::move(link));
}

Result<std::unique_ptr<Transport>> over_udp(const net::asio::any_io_executor& executor,
                                            net::asio::ip::udp::endpoint server,
                                            net::Clock& clock) {
  net::UdpOptions options;
  options.v6 = server.address().is_v6();
  AIOT_TRY(net::UdpSocket socket, net::UdpSocket::open(executor, options));
  return std::make_unique<Udp>(std::move(socket), std::move(server), clock);
}

}  // namespace aiot::smp
