#include "job/ota/serve/listen.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <charconv>

#include "job/ota/error.hpp"

namespace aiot::ota {

namespace asio = net::asio;
using asio::ip::tcp;
using boost::system::error_code;

Result<tcp::endpoint> parse_endpoint(const std::string& text) {
  const auto wrong = [&] {
    return make_error(Errc::listen_address, text, "write IP:PORT, [IPv6]:PORT or :PORT");
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return wrong();
  std::string host = text.substr(0, colon);
  std::uint16_t port = 0;
  const char* last = text.data() + text.size();
  const auto [end, failed] = std::from_chars(text.data() + colon + 1, last, port);
  if (failed != std::errc() || end != last) return wrong();
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string::npos) {
    return wrong();
  }
  if (host.empty()) return tcp::endpoint(asio::ip::address_v6::any(), port);
  if (host == "localhost") return tcp::endpoint(asio::ip::address_v4::loopback(), port);
  error_code error;
  const asio::ip::address address = asio::ip::make_address(host, error);
  if (error) return wrong();
  return tcp::endpoint(address, port);
}

Result<net::HttpServer::Acceptor> open_acceptor(const asio::any_io_executor& executor,
                                                const std::string& text) {
  AIOT_TRY(tcp::endpoint local, parse_endpoint(text));
  net::HttpServer::Acceptor acceptor(executor);
  error_code error;
  acceptor.open(local.protocol(), error);
  if (error == asio::error::address_family_not_supported && text.starts_with(':')) {
    local = tcp::endpoint(asio::ip::address_v4::any(), local.port());  // no IPv6 here
    acceptor.open(local.protocol(), error);
  }
  if (!error) acceptor.set_option(net::HttpServer::Acceptor::reuse_address(true), error);
  if (!error && local.address().is_v6()) {
    acceptor.set_option(asio::ip::v6_only(!text.starts_with(':')), error);
  }
  if (!error) acceptor.bind(local, error);
  if (!error) acceptor.listen(4096, error);
  if (!error) return acceptor;
  if (error == asio::error::address_in_use) {
    return make_error(net::Errc::port_busy, text,
                      "another program listens there: `ss -ltnp` names it");
  }
  if (error == asio::error::access_denied) {
    return make_error(net::Errc::no_permission, text,
                      "ports below 1024 are for root: choose one above, or use a systemd socket");
  }
  return make_error(net::Errc::io, fmt::format("{}: {}", text, error.message()),
                    "choose an address that this machine has: `ip addr` lists them");
}

Result<net::HttpServer::Acceptor> adopt_acceptor(const asio::any_io_executor& executor, int fd) {
  sockaddr_storage local{};
  socklen_t size = sizeof local;
  int listens = 0;
  socklen_t option_size = sizeof listens;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&local), &size) != 0 ||
      (local.ss_family != AF_INET && local.ss_family != AF_INET6) ||
      ::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &option_size) != 0 || listens == 0) {
    return make_error(Errc::listen_address, fmt::format("descriptor {}", fd),
                      "the socket unit needs ListenStream= with an IP address or a port");
  }
  net::HttpServer::Acceptor acceptor(executor);
  error_code error;
  acceptor.assign(local.ss_family == AF_INET6 ? tcp::v6() : tcp::v4(), fd, error);
  if (error) {
    return make_error(net::Errc::io, error.message(), "check the sockets of the socket unit");
  }
  return acceptor;
}

}  // namespace aiot::ota
