#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <string>

#include "net/http_server.hpp"

namespace aiot::ota {

/// "HOST:PORT", "[HOST]:PORT" or ":PORT" (all addresses, IPv4 and IPv6). HOST is an IP address or
/// localhost. Errc::listen_address.
Result<net::asio::ip::tcp::endpoint> parse_endpoint(const std::string& text);

/// A socket that listens there; net::Errc::port_busy and the like.
Result<net::HttpServer::Acceptor> open_acceptor(const net::asio::any_io_executor& executor,
                                                const std::string& text);
/// One that already does. Errc::listen_address for another kind of descriptor.
Result<net::HttpServer::Acceptor> adopt_acceptor(const net::asio::any_io_executor& executor,
                                                 int fd);

}  // namespace aiot::ota
