#include "sim/udp_station.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <charconv>

#include "sim/port.hpp"

namespace aiot::sim {

UdpStation::UdpStation(const net::asio::any_io_executor& executor, net::DatagramEngine& engine,
                       net::Clock& clock, net::UdpSocket socket)
    : executor_(executor),
      engine_(engine),
      clock_(clock),
      socket_(std::move(socket)),
      port_(socket_.port()) {}

Result<net::UdpSocket> UdpStation::open(const net::asio::any_io_executor& executor,
                                        std::string_view port, std::uint16_t usual, unsigned index,
                                        const net::asio::ip::address& bind) {
  net::UdpOptions options;
  options.bind = bind;
  options.port = usual;
  if (!port.empty()) {
    const auto [end, error] = std::from_chars(port.begin(), port.end(), options.port);
    if (error != std::errc() || end != port.end()) {
      return make_error(Errc::bad_port, std::string(port),
                        "use the number of a UDP port; 0 is any free one");
    }
  }
  if (options.port != 0) {
    if (options.port + index > 0xFFFF)
      return make_error(Errc::bad_port, std::string(port), "use a lower port");
    options.port = static_cast<std::uint16_t>(options.port + index);
  }
  return net::UdpSocket::open(executor, options);
}

void UdpStation::start() {
  net::asio::co_spawn(
      executor_,
      [this]() -> net::asio::awaitable<void> {
        const Result<void> served = co_await net::serve_datagrams(socket_, *this, clock_);
        static_cast<void>(served);  // it ends when the socket is closed
      },
      net::asio::detached);
}

void UdpStation::on_datagram(net::TimePoint now, const net::Datagram& datagram) {
  bytes_in_ += datagram.payload.size();
  engine_.on_datagram(now, datagram);
}

std::optional<net::OutgoingDatagram> UdpStation::take_output() {
  auto out = engine_.take_output();
  if (out) bytes_out_ += out->payload.size();
  return out;
}

}  // namespace aiot::sim
