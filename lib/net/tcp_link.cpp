#include "net/tcp_link.hpp"

#include "net/tcp_connect.hpp"

namespace aiot::net {

TcpLink::TcpLink(FdStream stream, std::string host, std::uint16_t port)
    : stream_(std::move(stream)), host_(std::move(host)), port_(port) {
  info_.kind = "tcp";
}

Task<std::unique_ptr<Link>> TcpLink::open(std::string host, std::uint16_t port,
                                          TimePoint deadline) {
  Result<FdStream> stream = co_await tcp_connect(host, port, deadline);
  if (!stream) co_return std::move(stream).error();
  std::unique_ptr<Link> link(new TcpLink(*std::move(stream), host, port));
  co_return link;
}

Task<std::size_t> TcpLink::read_some(std::span<std::uint8_t> buffer, TimePoint deadline) {
  return stream_.read_some(buffer, deadline);
}

Task<void> TcpLink::write(ByteSpan data, TimePoint deadline) {
  return stream_.write(data, deadline);
}

Task<void> TcpLink::drain(TimePoint) { co_return Result<void>(); }

Task<void> TcpLink::discard_input() { co_return stream_.discard_input(); }

Task<void> TcpLink::set_baud(std::uint32_t) { co_return Result<void>(); }

Task<void> TcpLink::set_lines(std::span<const LineStep>) {
  co_return make_error(Errc::not_supported, "DTR and RTS over plain TCP",
                       "put the port behind a server that speaks RFC 2217");
}

Task<void> TcpLink::reopen(TimePoint deadline) {
  stream_.close();
  Result<FdStream> stream = co_await tcp_connect_patiently(host_, port_, deadline);
  if (!stream) co_return std::move(stream).error();
  stream_ = *std::move(stream);
  co_return Result<void>();
}

Task<FdStream> tcp_connect_patiently(std::string host, std::uint16_t port, TimePoint deadline) {
  constexpr std::chrono::milliseconds pause(100);
  while (true) {
    Result<FdStream> stream = co_await tcp_connect(host, port, deadline);
    const bool may_come =
        !stream && (stream.error().code == Errc::refused || stream.error().code == Errc::not_found);
    // A refusal tells more than that the time for the next attempt ran out.
    if (!may_come || steady_clock().now() + pause >= deadline) co_return stream;
    Result<void> slept = co_await steady_clock().sleep_for(pause);
    AIOT_CO_CHECK(std::move(slept));
  }
}

}  // namespace aiot::net
