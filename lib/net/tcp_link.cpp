#include "net/tcp_link.hpp"

#include "net/patience.hpp"
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
  auto connect = [this, deadline]() -> Task<void> {
    stream_.close();
    Result<FdStream> stream = co_await tcp_connect(host_, port_, deadline);
    if (!stream) co_return std::move(stream).error();
    stream_ = *std::move(stream);
    co_return Result<void>();
  };
  Result<void> again = co_await patiently(clock(), deadline, std::move(connect));
  co_return again;
}

}  // namespace aiot::net
