#include "net/udp.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstring>
#include <set>
#include <system_error>
#include <utility>

#include "net/clock.hpp"
#include "net/interfaces.hpp"

namespace aiot::net {
namespace {

using asio::ip::udp;
using boost::system::error_code;

constexpr std::size_t largest_datagram = 65507;
/// IPV6_MULTICAST_ALL of <linux/in6.h>, which cannot be included beside <netinet/in.h>.
constexpr int ipv6_multicast_all = 29;
/// So many datagrams that were there already are handed out before others on the loop have a turn.
constexpr unsigned most_in_a_row = 16;

std::string where(const UdpOptions& options) {
  return fmt::format("UDP port {} ({})", options.port, options.v6 ? "IPv6" : "IPv4");
}

Error open_error(int number, const UdpOptions& options) {
  if (number == EADDRINUSE) {
    return make_error(Errc::port_busy, where(options), "another program holds this port alone");
  }
  if (number == EACCES || number == EPERM) {
    return make_error(Errc::no_permission, where(options), "ports below 1024 are for root");
  }
  return make_error(Errc::io, where(options) + ": " + std::generic_category().message(number));
}

void set(int fd, int level, int option, int value) {
  ::setsockopt(fd, level, option, &value, sizeof value);
}

void take_control(msghdr& message, Datagram& out) {
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
      in_pktinfo info{};
      std::memcpy(&info, CMSG_DATA(c), sizeof info);
      out.interface = static_cast<unsigned>(info.ipi_ifindex);
      out.to.address(asio::ip::address_v4(ntohl(info.ipi_addr.s_addr)));
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo info{};
      std::memcpy(&info, CMSG_DATA(c), sizeof info);
      out.interface = static_cast<unsigned>(info.ipi6_ifindex);
      asio::ip::address_v6::bytes_type bytes{};
      std::memcpy(bytes.data(), &info.ipi6_addr, bytes.size());
      out.to.address(asio::ip::address_v6(bytes));
    }
  }
}

}  // namespace

struct UdpSocket::Shared {
  explicit Shared(const asio::any_io_executor& executor) : socket(executor) {}
  udp::socket socket;
  Bytes buffer = Bytes(largest_datagram);
  unsigned in_a_row = 0;
  std::set<std::pair<asio::ip::address, unsigned>> joined;

  void note_joined(const asio::ip::address& group, unsigned interface) {
    if (group.is_v4()) return;
    // As datagrams state their destination: without a scope.
    joined.emplace(asio::ip::address_v6(group.to_v6().to_bytes()), interface);
  }
  /// Linux looks at the interface for IPv4 only: a group of IPv6 joined on one is heard on all.
  bool wants(const Datagram& datagram) const {
    const asio::ip::address& to = datagram.to.address();
    return !to.is_v6() || !to.is_multicast() || joined.contains({to, datagram.interface});
  }
};

UdpSocket::UdpSocket(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
UdpSocket::UdpSocket(UdpSocket&&) noexcept = default;
UdpSocket& UdpSocket::operator=(UdpSocket&& other) noexcept {
  if (this != &other) close();
  shared_ = std::move(other.shared_);
  return *this;
}
UdpSocket::~UdpSocket() { close(); }

Result<UdpSocket> UdpSocket::open(const asio::any_io_executor& executor,
                                  const UdpOptions& options) {
  auto shared = std::make_shared<Shared>(executor);
  udp::socket& socket = shared->socket;
  error_code error;
  socket.open(options.v6 ? udp::v6() : udp::v4(), error);
  if (error) return open_error(error.value(), options);
  const int fd = socket.native_handle();
  if (!options.interface.empty()) {
    AIOT_CHECK(bind_to_interface(fd, options.interface));
  }
  if (options.v6) {
    set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    set(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 1);
    set(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 255);
    set(fd, IPPROTO_IPV6, ipv6_multicast_all, 0);
  } else {
    set(fd, IPPROTO_IP, IP_PKTINFO, 1);
    set(fd, IPPROTO_IP, IP_MULTICAST_LOOP, 1);
    set(fd, IPPROTO_IP, IP_MULTICAST_TTL, 255);
    // Only the groups that this socket has joined, not those of others on the port.
    set(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0);
  }
  if (options.share_port) {
    set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
  }
  if (options.broadcast) set(fd, SOL_SOCKET, SO_BROADCAST, 1);
  // A roomful of devices answers at once.
  set(fd, SOL_SOCKET, SO_RCVBUF, 1 << 20);
  udp::endpoint local(options.v6 ? udp::v6() : udp::v4(), options.port);
  if (!options.bind.is_unspecified()) local.address(options.bind);
  socket.bind(local, error);
  if (error) return open_error(error.value(), options);
  socket.non_blocking(true, error);
  if (error) return open_error(error.value(), options);
  return UdpSocket(std::move(shared));
}

Result<void> UdpSocket::join(const asio::ip::address& group, unsigned interface) {
  const int fd = shared_->socket.native_handle();
  group_req request{};
  request.gr_interface = interface;
  const udp::endpoint endpoint(group, 0);
  std::memcpy(&request.gr_group, endpoint.data(), endpoint.size());
  const int level = group.is_v6() ? IPPROTO_IPV6 : IPPROTO_IP;
  if (::setsockopt(fd, level, MCAST_JOIN_GROUP, &request, sizeof request) == 0 ||
      errno == EADDRINUSE) {  // joined already
    shared_->note_joined(group, interface);
    return {};
  }
  return make_error(Errc::io, fmt::format("joining {}: {}", group.to_string(),
                                          std::generic_category().message(errno)));
}

Result<void> UdpSocket::send(const udp::endpoint& to, ByteSpan payload, unsigned interface) {
  iovec part{const_cast<std::uint8_t*>(payload.data()), payload.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(in6_pktinfo))> control{};
  msghdr message{};
  udp::endpoint target = to;
  message.msg_name = target.data();
  message.msg_namelen = static_cast<socklen_t>(target.size());
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (interface != 0) {
    message.msg_control = control.data();
    const auto fill = [&](const auto& info, int level, int type) {
      message.msg_controllen = CMSG_SPACE(sizeof info);
      cmsghdr* header = CMSG_FIRSTHDR(&message);
      header->cmsg_len = CMSG_LEN(sizeof info);
      header->cmsg_level = level;
      header->cmsg_type = type;
      std::memcpy(CMSG_DATA(header), &info, sizeof info);
    };
    if (target.address().is_v6()) {
      in6_pktinfo info{};
      info.ipi6_ifindex = interface;
      fill(info, IPPROTO_IPV6, IPV6_PKTINFO);
    } else {
      in_pktinfo info{};
      info.ipi_ifindex = static_cast<int>(interface);
      fill(info, IPPROTO_IP, IP_PKTINFO);
    }
  }
  if (::sendmsg(shared_->socket.native_handle(), &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
    return {};
  switch (errno) {
    case EBADF:
    case ENOTSOCK:
    case EINVAL:
    case EMSGSIZE:
    case EACCES:
      return make_error(Errc::io, fmt::format("sending to {}: {}", to.address().to_string(),
                                              std::generic_category().message(errno)));
    default: return {};  // no route, no buffer, no listener: lost on the way
  }
}

Task<Datagram> UdpSocket::receive(TimePoint deadline) {
  const std::shared_ptr<Shared> shared = shared_;
  for (;;) {
    if (!shared || !shared->socket.is_open()) co_return make_error(Errc::link_lost);
    // A flood on the port must not keep its reader beyond the deadline, nor the loop to itself.
    if (steady_clock().now() >= deadline) co_return make_error(Errc::timed_out);
    if (++shared->in_a_row > most_in_a_row) {
      shared->in_a_row = 0;
      co_await asio::post(asio::as_tuple(asio::use_awaitable));
      if (co_await is_cancelled()) co_return make_error(Errc::cancelled);
      continue;
    }
    Datagram out;
    iovec part{shared->buffer.data(), shared->buffer.size()};
    alignas(cmsghdr) std::array<char, 256> control{};
    msghdr message{};
    message.msg_name = out.from.data();
    message.msg_namelen = static_cast<socklen_t>(out.from.capacity());
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t got = ::recvmsg(shared->socket.native_handle(), &message, MSG_DONTWAIT);
    if (got >= 0) {
      out.from.resize(message.msg_namelen);
      out.payload.assign(shared->buffer.begin(), shared->buffer.begin() + got);
      error_code ignored;
      out.to.port(shared->socket.local_endpoint(ignored).port());
      take_control(message, out);
      if (!shared->wants(out)) continue;
      co_return out;
    }
    if (errno == ECONNREFUSED || errno == EINTR) continue;  // an ICMP answer to an earlier send
    shared->in_a_row = 0;
    if (errno != EAGAIN) {
      co_return make_error(Errc::io, std::generic_category().message(errno));
    }
    auto start = [shared](auto handler) {
      shared->socket.async_wait(udp::socket::wait_read,
                                [shared, handler = std::move(handler)](
                                    const error_code& error) mutable { handler(error); });
    };
    auto stop = [shared] {
      error_code ignored;
      shared->socket.cancel(ignored);
    };
    auto ready = co_await by_deadline<error_code>(deadline, start, stop);
    if (!ready) co_return std::move(ready).error();
    const auto [error] = *ready;
    if (error) co_return make_error(Errc::link_lost, error.message());
  }
}

std::uint16_t UdpSocket::port() const {
  error_code ignored;
  return shared_ ? shared_->socket.local_endpoint(ignored).port() : std::uint16_t{0};
}

void UdpSocket::close() {
  if (!shared_) return;
  error_code ignored;
  shared_->socket.close(ignored);
}

}  // namespace aiot::net
