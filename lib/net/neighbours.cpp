#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "net/interfaces.hpp"

namespace aiot::net {
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

struct Neighbour {
  unsigned interface = 0;
  std::optional<asio::ip::address> address;
  std::optional<MacAddress> mac;
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

Neighbour read_neighbour(const nlmsghdr* header) {
  Neighbour out;
  const auto* message = static_cast<const ndmsg*>(NLMSG_DATA(header));
  out.interface = static_cast<unsigned>(message->ndm_ifindex);
  constexpr unsigned no_answer = NUD_FAILED | NUD_INCOMPLETE | NUD_NOARP;
  const bool valid = (message->ndm_state & no_answer) == 0;
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
    dump(socket, family, [&](const Neighbour& row) {
      if (row.address && row.mac) out.rows_.emplace(*row.address, Row{row.interface, *row.mac});
    });
  }
  return out;
}

std::optional<MacAddress> Neighbours::find(const asio::ip::address& address) const {
  asio::ip::address bare = address;
  unsigned scope = 0;
  if (address.is_v6()) {
    scope = static_cast<unsigned>(address.to_v6().scope_id());
    bare = asio::ip::address_v6(address.to_v6().to_bytes());
  }
  const auto [begin, end] = rows_.equal_range(bare);
  for (auto row = begin; row != end; ++row) {
    if (scope == 0 || row->second.interface == scope) return row->second.mac;
  }
  return std::nullopt;
}

std::optional<MacAddress> neighbour_of(const asio::ip::address& address) {
  return Neighbours::read().find(address);
}

}  // namespace aiot::net
