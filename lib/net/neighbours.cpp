#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

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
  int interface = 0;
  const std::uint8_t* address = nullptr;
  std::size_t address_bytes = 0;
  std::optional<MacAddress> mac;
};

Neighbour read_neighbour(const nlmsghdr* header) {
  Neighbour out;
  const auto* message = static_cast<const ndmsg*>(NLMSG_DATA(header));
  out.interface = message->ndm_ifindex;
  constexpr unsigned no_answer = NUD_FAILED | NUD_INCOMPLETE | NUD_NOARP;
  const bool valid = (message->ndm_state & no_answer) == 0;
  auto left = static_cast<int>(header->nlmsg_len - NLMSG_LENGTH(sizeof *message));
  const auto* attribute = reinterpret_cast<const rtattr*>(
      reinterpret_cast<const std::uint8_t*>(message) + NLMSG_ALIGN(sizeof *message));
  for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
    const auto* data = static_cast<const std::uint8_t*>(RTA_DATA(attribute));
    const auto size = static_cast<std::size_t>(RTA_PAYLOAD(attribute));
    if (attribute->rta_type == NDA_DST) {
      out.address = data;
      out.address_bytes = size;
    } else if (attribute->rta_type == NDA_LLADDR && size == 6 && valid) {
      MacAddress mac{};
      std::copy_n(data, mac.size(), mac.begin());
      out.mac = mac;
    }
  }
  return out;
}

}  // namespace

std::optional<MacAddress> neighbour_of(const asio::ip::address& address) {
  std::array<std::uint8_t, 16> wanted{};
  std::size_t wanted_bytes = 4;
  int scope = 0;
  if (address.is_v6()) {
    wanted = address.to_v6().to_bytes();
    wanted_bytes = 16;
    scope = static_cast<int>(address.to_v6().scope_id());
  } else {
    const auto bytes = address.to_v4().to_bytes();
    std::copy(bytes.begin(), bytes.end(), wanted.begin());
  }
  const RouteSocket socket;
  if (socket.fd() < 0) return std::nullopt;
  struct {
    nlmsghdr header;
    ndmsg message;
  } request{};
  request.header.nlmsg_len = NLMSG_LENGTH(sizeof request.message);
  request.header.nlmsg_type = RTM_GETNEIGH;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.message.ndm_family = address.is_v6() ? AF_INET6 : AF_INET;
  if (::send(socket.fd(), &request, request.header.nlmsg_len, 0) < 0) return std::nullopt;
  std::optional<MacAddress> found;
  alignas(nlmsghdr) std::array<std::uint8_t, 32 * 1024> buffer;
  for (;;) {
    const ssize_t got = ::recv(socket.fd(), buffer.data(), buffer.size(), 0);
    if (got <= 0) return found;
    auto left = static_cast<unsigned>(got);
    for (auto* header = reinterpret_cast<nlmsghdr*>(buffer.data()); NLMSG_OK(header, left);
         header = NLMSG_NEXT(header, left)) {
      if (header->nlmsg_type == NLMSG_DONE || header->nlmsg_type == NLMSG_ERROR) return found;
      if (header->nlmsg_type != RTM_NEWNEIGH) continue;
      const Neighbour row = read_neighbour(header);
      if (row.mac && row.address_bytes == wanted_bytes &&
          std::memcmp(row.address, wanted.data(), wanted_bytes) == 0 &&
          (scope == 0 || row.interface == scope)) {
        found = row.mac;
      }
    }
  }
}

}  // namespace aiot::net
