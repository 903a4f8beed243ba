#include "job/listen/source/local.hpp"

#include <algorithm>

#include "net/interfaces.hpp"
#include "net/tcp_link.hpp"

namespace aiot::listen {
namespace asio = net::asio;

bool is_local(const asio::ip::address& address) {
  if (address.is_unspecified() || address.is_loopback() || address.is_multicast()) return true;
  const auto interfaces = net::list_interfaces();
  if (!interfaces) return false;
  return std::any_of(interfaces->begin(), interfaces->end(), [&](const net::Interface& interface) {
    return std::any_of(interface.addresses.begin(), interface.addresses.end(),
                       [&](const net::InterfaceAddress& own) { return own.address == address; });
  });
}

Result<net::UdpSocket> open_local(const asio::any_io_executor& executor,
                                  const asio::ip::address& address, std::uint16_t port) {
  net::UdpOptions options;
  options.v6 = address.is_v6();
  options.port = port;
  // A group's port is shared with all others that listen to the group.
  options.share_port = address.is_multicast();
  options.broadcast = true;
  options.bind = address.is_multicast() ? asio::ip::address() : address;
  AIOT_TRY(net::UdpSocket socket, net::UdpSocket::open(executor, options));
  if (!address.is_multicast()) return socket;
  AIOT_TRY(const std::vector<net::Interface> interfaces, net::list_interfaces());
  for (const net::Interface& interface : interfaces) {
    if (!interface.multicast && !interface.loopback) continue;
    AIOT_CHECK(socket.join(address, interface.index));
  }
  return socket;
}

std::string endpoint_text(const asio::ip::address& address, std::uint16_t port) {
  return net::host_and_port(address.to_string(), port);
}

}  // namespace aiot::listen
