#pragma once

#include <array>
#include <boost/asio/ip/address.hpp>
#include <functional>
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

/// Makes a socket that is not bound yet send by this interface, whatever the routes say, and
/// receive from it alone (SO_BINDTODEVICE; Linux allows it to everybody since 5.7). Errc::not_found
/// for no such interface, Errc::no_permission.
Result<void> bind_to_interface(int fd, const std::string& name);

/// A row of the kernel's neighbour table.
struct Neighbour {
  asio::ip::address address;  ///< an IPv6 link-local one with its scope id
  MacAddress mac{};
  bool answers = false;  ///< it has replied lately, or was set by hand: not just remembered
};

/// The kernel's neighbour table at one moment (rtnetlink RTM_GETNEIGH): the hardware addresses
/// behind the IP addresses of the networks this machine is on. Sends nothing to the network.
class Neighbours {
 public:
  /// Empty where the kernel does not tell.
  static Neighbours read();
  /// An address without a scope id is found on whichever interface it is.
  std::optional<MacAddress> find(const asio::ip::address& address) const;
  /// All rows whose hardware address `fits`, those of IPv4 first.
  std::vector<Neighbour> all(const std::function<bool(const MacAddress&)>& fits) const;
  /// The row of an address.
  std::optional<Neighbour> row(const asio::ip::address& address) const;

 private:
  struct Row {
    unsigned interface = 0;
    MacAddress mac{};
    bool answers = false;
  };
  using Rows = std::multimap<asio::ip::address, Row>;
  static Neighbour neighbour(const Rows::value_type& row);
  Rows rows_;  // without scope ids
};

/// Looks one address up in the table as it is now.
std::optional<MacAddress> neighbour_of(const asio::ip::address& address);

}  // namespace aiot::net
