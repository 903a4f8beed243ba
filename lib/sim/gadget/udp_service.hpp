#pragma once

#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <vector>

#include "net/datagram_engine.hpp"
#include "net/interfaces.hpp"

namespace aiot::sim::gadget {

/// An engine on a socket of its own, with which it answers, and on a group that it shares with the
/// others on this machine: gadgets that listen to one port need one each for what is meant for them
/// alone. Over IPv4, and over IPv6 where this machine has it.
class UdpService : public std::enable_shared_from_this<UdpService> {
 public:
  UdpService(net::asio::any_io_executor executor, std::shared_ptr<net::DatagramEngine> engine);

  /// Its own socket, of IPv4. UdpSocket's errors.
  Result<void> open(const net::UdpOptions& options = {});
  /// The same port over IPv6, besides. Errors where there is no IPv6, or the port is taken.
  Result<void> open_v6();
  /// Joins `group`, of either kind, where there is multicast; may be called for several. Errors
  /// when the port is held alone by another program.
  Result<void> hear(const net::asio::ip::address& group, std::uint16_t port,
                    const std::vector<net::Interface>& interfaces);
  /// Of its own sockets; 0 before open().
  std::uint16_t port() const;

  void start();
  /// Sends what the engine has to say; needed after it was changed from outside.
  void pump();
  void close();

 private:
  Result<void> hear_on_links(net::asio::ip::address_v6 group, std::uint16_t port,
                             const std::vector<net::Interface>& interfaces);
  net::Task<void> read(net::UdpSocket& socket);

  net::asio::any_io_executor executor_;
  std::shared_ptr<net::DatagramEngine> engine_;
  net::UdpSocket* own(bool v6) const { return v6 ? own_v6_ : own_v4_; }

  std::vector<std::unique_ptr<net::UdpSocket>> sockets_;
  net::UdpSocket* own_v4_ = nullptr;  ///< of sockets_
  net::UdpSocket* own_v6_ = nullptr;
  net::asio::steady_timer timer_;
  bool closed_ = false;
};

}  // namespace aiot::sim::gadget
