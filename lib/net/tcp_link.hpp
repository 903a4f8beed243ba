#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <optional>
#include <string>

#include "net/clock.hpp"
#include "net/fd_stream.hpp"
#include "net/link.hpp"

namespace aiot::net {

/// Looks `host` up and connects to the first of its addresses that answers, without delay of small
/// packets and with keep-alive. Errc::not_found for an unknown or unreachable host, Errc::refused
/// when nothing listens, Errc::timed_out when nothing answers. By `interface`, whatever the routes
/// say, unless that is ""; see bind_to_interface().
Task<FdStream> tcp_connect(std::string host, std::uint16_t port, TimePoint deadline,
                           std::string interface = {});

/// "host:port", with the brackets that IPv6 wants.
std::string host_and_port(const std::string& host, std::uint16_t port);

/// A connection that somebody made to us.
struct Accepted {
  FdStream stream;
  asio::ip::tcp::endpoint from;
};

/// Takes TCP connections, on the machine's clock.
class TcpListener {
 public:
  /// Port 0 takes a free one. Errc::port_busy, Errc::no_permission, Errc::io.
  static Result<TcpListener> open(const asio::any_io_executor& executor,
                                  const asio::ip::tcp::endpoint& local);

  /// The next connection. Errc::timed_out at the deadline, Errc::cancelled.
  Task<Accepted> accept(TimePoint deadline);
  std::uint16_t port() const;
  /// Nobody can connect any more; a pending accept() ends with Errc::link_lost.
  void close();

 private:
  using Acceptor = asio::ip::tcp::acceptor;
  explicit TcpListener(std::shared_ptr<Acceptor> acceptor) : acceptor_(std::move(acceptor)) {}

  std::shared_ptr<Acceptor> acceptor_;
};

/// A plain byte stream over TCP: a device's own port, or a serial server in raw mode. It has
/// neither modem lines nor a rate that could be set.
class TcpLink final : public Link {
 public:
  static Task<std::unique_ptr<Link>> open(std::string host, std::uint16_t port, TimePoint deadline,
                                          std::string interface = {});
  /// The link of a connection that somebody made to us. It cannot be opened again.
  static std::unique_ptr<Link> adopt(Accepted connection);

  const LinkInfo& info() const override { return info_; }
  Clock& clock() override { return steady_clock(); }
  Task<std::size_t> read_some(std::span<std::uint8_t> buffer, TimePoint deadline) override;
  Task<void> write(ByteSpan data, TimePoint deadline) override;
  Task<void> drain(TimePoint deadline) override;
  Task<void> discard_input() override;
  Task<void> set_baud(std::uint32_t baud_bps) override;
  Task<void> set_lines(std::span<const LineStep> steps) override;
  /// Connects again, until the deadline also when it is refused: the other end may be starting.
  Task<void> reopen(TimePoint deadline) override;
  void close() override { stream_.close(); }

 private:
  TcpLink(FdStream stream, std::string host, std::uint16_t port, std::string interface);

  FdStream stream_;
  std::string host_;
  std::uint16_t port_;
  std::string interface_;
  LinkInfo info_;
};

}  // namespace aiot::net
