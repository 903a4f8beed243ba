#pragma once

#include <string>
#include <string_view>

#include "net/datagram_engine.hpp"

namespace aiot::sim {

/// An engine on a UDP socket, driven by a clock. Both outlive it.
class UdpStation final : private net::DatagramEngine {
 public:
  UdpStation(const net::asio::any_io_executor& executor, net::DatagramEngine& engine,
             net::Clock& clock, net::UdpSocket socket);

  /// `port` as a number, "" for the usual one, "0" for any; that of device `index` is so much
  /// higher. `bind` unspecified: at all addresses. Errc::bad_port; net::Errc.
  static Result<net::UdpSocket> open(const net::asio::any_io_executor& executor,
                                     std::string_view port, std::uint16_t usual, unsigned index,
                                     const net::asio::ip::address& bind = {});

  void start();
  void stop() { socket_.close(); }
  std::uint16_t port() const { return port_; }
  std::uint64_t bytes_in() const { return bytes_in_; }
  std::uint64_t bytes_out() const { return bytes_out_; }

 private:
  void on_datagram(net::TimePoint now, const net::Datagram& datagram) override;
  std::optional<net::TimePoint> next_timer() const override { return engine_.next_timer(); }
  void on_timer(net::TimePoint now) override { engine_.on_timer(now); }
  std::optional<net::OutgoingDatagram> take_output() override;

  net::asio::any_io_executor executor_;
  net::DatagramEngine& engine_;
  net::Clock& clock_;
  net::UdpSocket socket_;
  std::uint16_t port_;
  std::uint64_t bytes_in_ = 0;
  std::uint64_t bytes_out_ = 0;
};

}  // namespace aiot::sim
