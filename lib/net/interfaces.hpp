#pragma once

#include <array>
#include <boost/asio/ip/address.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "aiot/result.hpp"
#include "net/clock.hpp"

namespace aiot::net {

using MacAddress = std::array<std::uint8_t, 6>;
/// "24:0a:c4:00:00:01"
std::string mac_text(const MacAddress& mac);

/// One address of an interface, with its network's prefix length in bits.
struct InterfaceAddress {
  asio::ip::address address;  ///< an IPv6 link-local address carries its scope id
  unsigned prefix_bits = 0;
  std::optional<asio::ip::address_v4> broadcast;  ///< IPv4 only, where the network has one
};

/// A network interface of this machine that is up.
struct Interface {
  std::string name;
  unsigned index = 0;
  bool loopback = false;
  bool multicast = false;
  MacAddress mac{};  ///< zero where it has none
  std::vector<InterfaceAddress> addresses;
};

/// The interfaces that are up and have an address, sorted by index (getifaddrs(3)).
Result<std::vector<Interface>> list_interfaces();

/// The names of all interfaces, those that are down too.
std::vector<std::string> interface_names();

/// The kernel's neighbour table at one moment (rtnetlink RTM_GETNEIGH): the hardware addresses
/// behind the IP addresses of the networks this machine is on. Sends nothing to the network.
class Neighbours {
 public:
  /// Empty where the kernel does not tell.
  static Neighbours read();
  /// An address without a scope id is found on whichever interface it is.
  std::optional<MacAddress> find(const asio::ip::address& address) const;
  /// An IP address that this hardware address is behind, an IPv4 one where there is one.
  std::optional<asio::ip::address> find(const MacAddress& mac) const;

 private:
  struct Row {
    unsigned interface = 0;
    MacAddress mac{};
  };
  std::multimap<asio::ip::address, Row> rows_;  // without scope ids
};

/// Looks one address up in the table as it is now.
std::optional<MacAddress> neighbour_of(const asio::ip::address& address);

}  // namespace aiot::net
