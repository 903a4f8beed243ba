#include "net/interfaces.hpp"

#include <fmt/format.h>
#include <ifaddrs.h>
#include <linux/if_packet.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
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

namespace {

/// A netlink socket that closes itself.
class RouteSocket {
 public:
  RouteSocket() : fd_(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)) {}
  ~RouteSocket() {
    if (fd_ >= 0) ::close(fd_);
  }
  RouteSocket(const RouteSocket&) = delete;
  RouteSocket& operator=(const RouteSocket&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

struct NeighbourMessage {
  unsigned interface = 0;
  std::optional<asio::ip::address> address;
  std::optional<MacAddress> mac;
  bool answers = false;
};

std::optional<asio::ip::address> address_of(const std::uint8_t* data, std::size_t size) {
  asio::ip::address_v4::bytes_type v4{};
  asio::ip::address_v6::bytes_type v6{};
  if (size == v4.size()) {
    std::copy_n(data, size, v4.begin());
    return asio::ip::address_v4(v4);
  }
  if (size != v6.size()) return std::nullopt;
  std::copy_n(data, size, v6.begin());
  return asio::ip::address_v6(v6);
}

NeighbourMessage read_neighbour(const nlmsghdr* header) {
  NeighbourMessage out;
  const auto* message = static_cast<const ndmsg*>(NLMSG_DATA(header));
  out.interface = static_cast<unsigned>(message->ndm_ifindex);
  constexpr unsigned no_answer = NUD_FAILED | NUD_INCOMPLETE | NUD_NOARP;
  const bool valid = (message->ndm_state & no_answer) == 0;
  out.answers = (message->ndm_state & (NUD_REACHABLE | NUD_PERMANENT)) != 0;
  auto left = static_cast<int>(header->nlmsg_len - NLMSG_LENGTH(sizeof *message));
  const auto* attribute = reinterpret_cast<const rtattr*>(
      reinterpret_cast<const std::uint8_t*>(message) + NLMSG_ALIGN(sizeof *message));
  for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
    const auto* data = static_cast<const std::uint8_t*>(RTA_DATA(attribute));
    const auto size = static_cast<std::size_t>(RTA_PAYLOAD(attribute));
    if (attribute->rta_type == NDA_DST) {
      out.address = address_of(data, size);
    } else if (attribute->rta_type == NDA_LLADDR && size == 6 && valid) {
      MacAddress mac{};
      std::copy_n(data, mac.size(), mac.begin());
      out.mac = mac;
    }
  }
  return out;
}

/// Calls `take` with each row of one IP version's table, until the kernel has told all or fails.
template <class Take>
void dump(const RouteSocket& socket, unsigned char family, const Take& take) {
  struct {
    nlmsghdr header;
    ndmsg message;
  } request{};
  request.header.nlmsg_len = NLMSG_LENGTH(sizeof request.message);
  request.header.nlmsg_type = RTM_GETNEIGH;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.message.ndm_family = family;
  if (::send(socket.fd(), &request, request.header.nlmsg_len, 0) < 0) return;
  alignas(nlmsghdr) std::array<std::uint8_t, 32 * 1024> buffer;
  for (;;) {
    const ssize_t got = ::recv(socket.fd(), buffer.data(), buffer.size(), 0);
    if (got <= 0) return;
    auto left = static_cast<unsigned>(got);
    for (auto* header = reinterpret_cast<nlmsghdr*>(buffer.data()); NLMSG_OK(header, left);
         header = NLMSG_NEXT(header, left)) {
      if (header->nlmsg_type == NLMSG_DONE || header->nlmsg_type == NLMSG_ERROR) return;
      if (header->nlmsg_type == RTM_NEWNEIGH) take(read_neighbour(header));
    }
  }
}

}  // namespace

Neighbours Neighbours::read() {
  Neighbours out;
  const RouteSocket socket;
  if (socket.fd() < 0) return out;
  for (const auto family :
       {static_cast<unsigned char>(AF_INET), static_cast<unsigned char>(AF_INET6)}) {
    dump(socket, family, [&](const NeighbourMessage& row) {
      if (row.address && row.mac)
        out.rows_.emplace(*row.address, Row{row.interface, *row.mac, row.answers});
    });
  }
  return out;
}

Neighbour Neighbours::neighbour(const Rows::value_type& row) {
  Neighbour out{row.first, row.second.mac, row.second.answers};
  if (row.first.is_v6() && row.first.to_v6().is_link_local()) {
    asio::ip::address_v6 scoped = row.first.to_v6();
    scoped.scope_id(row.second.interface);
    out.address = scoped;
  }
  return out;
}

std::optional<Neighbour> Neighbours::row(const asio::ip::address& address) const {
  asio::ip::address bare = address;
  unsigned scope = 0;
  if (address.is_v6()) {
    scope = static_cast<unsigned>(address.to_v6().scope_id());
    bare = asio::ip::address_v6(address.to_v6().to_bytes());
  }
  const auto [begin, end] = rows_.equal_range(bare);
  for (auto row = begin; row != end; ++row) {
    if (scope == 0 || row->second.interface == scope) return neighbour(*row);
  }
  return std::nullopt;
}

std::optional<MacAddress> Neighbours::find(const asio::ip::address& address) const {
  const auto found = row(address);
  return found ? std::optional(found->mac) : std::nullopt;
}

std::vector<Neighbour> Neighbours::all(const std::function<bool(const MacAddress&)>& fits) const {
  std::vector<Neighbour> out;
  for (const auto& row : rows_) {  // IPv4 addresses come first in the order of addresses
    if (fits(row.second.mac)) out.push_back(neighbour(row));
  }
  return out;
}

Result<void> bind_to_interface(int fd, const std::string& name) {
  if (::setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name.data(),
                   static_cast<socklen_t>(name.size())) == 0) {
    return {};
  }
  if (errno == ENODEV || errno == EINVAL)
    return make_error(Errc::not_found, "the network interface " + name, "`ip link` lists them");
  if (errno == EPERM) {
    return make_error(
        Errc::no_permission, "sending by the network interface " + name,
        "this kernel keeps it for root: let no other interface have the same network");
  }
  return make_error(Errc::io, name + ": " + std::generic_category().message(errno));
}

std::optional<MacAddress> neighbour_of(const asio::ip::address& address) {
  return Neighbours::read().find(address);
}

}  // namespace aiot::net
