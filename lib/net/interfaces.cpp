#include "net/interfaces.hpp"

#include <fmt/format.h>
#include <ifaddrs.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <string_view>
#include <system_error>

namespace aiot::net {
namespace {

asio::ip::address_v4 v4_of(const sockaddr* address) {
  sockaddr_in in{};
  std::memcpy(&in, address, sizeof in);
  return asio::ip::address_v4(ntohl(in.sin_addr.s_addr));
}

asio::ip::address_v6::bytes_type v6_bytes(const sockaddr* address) {
  sockaddr_in6 in{};
  std::memcpy(&in, address, sizeof in);
  asio::ip::address_v6::bytes_type bytes{};
  std::memcpy(bytes.data(), &in.sin6_addr, bytes.size());
  return bytes;
}

void add_v4(const ifaddrs& row, Interface& out) {
  InterfaceAddress address;
  address.address = v4_of(row.ifa_addr);
  if (row.ifa_netmask != nullptr) {
    address.prefix_bits = static_cast<unsigned>(std::popcount(v4_of(row.ifa_netmask).to_uint()));
  }
  if ((row.ifa_flags & IFF_BROADCAST) != 0 && row.ifa_broadaddr != nullptr) {
    address.broadcast = v4_of(row.ifa_broadaddr);
  }
  out.addresses.push_back(address);
}

void add_v6(const ifaddrs& row, Interface& out) {
  InterfaceAddress address;
  asio::ip::address_v6 v6(v6_bytes(row.ifa_addr));
  if (v6.is_link_local()) v6.scope_id(out.index);
  address.address = v6;
  if (row.ifa_netmask != nullptr) {
    for (const std::uint8_t byte : v6_bytes(row.ifa_netmask)) {
      address.prefix_bits += static_cast<unsigned>(std::popcount(byte));
    }
  }
  out.addresses.push_back(address);
}

void add_mac(const ifaddrs& row, Interface& out) {
  sockaddr_ll link{};
  std::memcpy(&link, row.ifa_addr, sizeof link);
  if (link.sll_halen == out.mac.size()) std::memcpy(out.mac.data(), link.sll_addr, out.mac.size());
}

/// An interface has a row for each of its addresses; the kernel is asked once.
unsigned index_of(const char* name, std::map<std::string, unsigned, std::less<>>& known) {
  const auto found = known.find(std::string_view(name));
  if (found != known.end()) return found->second;
  const unsigned index = ::if_nametoindex(name);
  known.emplace(name, index);
  return index;
}

}  // namespace

std::string mac_text(const MacAddress& mac) { return fmt::format("{:02x}", fmt::join(mac, ":")); }

Result<std::vector<Interface>> list_interfaces() {
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) {
    return make_error(Errc::io, "network interfaces: " + std::generic_category().message(errno));
  }
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> rows(first, &::freeifaddrs);
  std::map<unsigned, Interface> found;
  std::map<std::string, unsigned, std::less<>> indices;
  for (const ifaddrs* row = first; row != nullptr; row = row->ifa_next) {
    const unsigned index = index_of(row->ifa_name, indices);
    if (index == 0 || (row->ifa_flags & IFF_UP) == 0 || row->ifa_addr == nullptr) continue;
    Interface& out = found[index];
    out.name = row->ifa_name;
    out.index = index;
    out.loopback = (row->ifa_flags & IFF_LOOPBACK) != 0;
    out.multicast = (row->ifa_flags & IFF_MULTICAST) != 0;
    switch (row->ifa_addr->sa_family) {
      case AF_INET: add_v4(*row, out); break;
      case AF_INET6: add_v6(*row, out); break;
      case AF_PACKET: add_mac(*row, out); break;
      default: break;
    }
  }
  std::vector<Interface> out;
  for (auto& [index, interface] : found) {
    if (!interface.addresses.empty()) out.push_back(std::move(interface));
  }
  return out;
}

std::vector<std::string> interface_names() {
  const auto release = [](struct if_nameindex* rows) { ::if_freenameindex(rows); };
  const std::unique_ptr<struct if_nameindex, decltype(release)> rows(::if_nameindex(), release);
  std::vector<std::string> out;
  for (const struct if_nameindex* row = rows.get(); row != nullptr && row->if_index != 0; ++row) {
    out.emplace_back(row->if_name);
  }
  return out;
}

}  // namespace aiot::net
