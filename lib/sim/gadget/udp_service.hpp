#pragma once

#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <vector>

#include "net/datagram_engine.hpp"
#include "net/interfaces.hpp"

namespace aiot::sim::gadget {

/// An engine on a socket of its own, with which it answers, and on a group that it shares with the
/// others on this machine: gadgets that listen to one port need one each for what is meant for them
/// alone. IPv4.
class UdpService : public std::enable_shared_from_this<UdpService> {
 public:
  UdpService(net::asio::any_io_executor executor, std::shared_ptr<net::DatagramEngine> engine);

  /// Its own socket; port 0 takes a free one. UdpSocket's errors.
  Result<void> open(std::uint16_t port);
  /// Joins `group` where there is multicast. Errors when the port is held alone by another program.
  Result<void> hear(const net::asio::ip::address& group, std::uint16_t port,
                    const std::vector<net::Interface>& interfaces);
  /// Of its own socket; 0 before open().
  std::uint16_t port() const;

  void start();
  /// Sends what the engine has to say; needed after it was changed from outside.
  void pump();
  void close();

 private:
  net::Task<void> read(net::UdpSocket& socket);

  net::asio::any_io_executor executor_;
  std::shared_ptr<net::DatagramEngine> engine_;
  /// The first is its own.
  std::vector<std::unique_ptr<net::UdpSocket>> sockets_;
  net::asio::steady_timer timer_;
  bool closed_ = false;
};

}  // namespace aiot::sim::gadget
