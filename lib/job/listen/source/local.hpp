#pragma once

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/udp.hpp>
#include <string>

#include "net/udp.hpp"

namespace aiot::listen {

/// True for an address that this machine can listen on: any, one of its own, or a multicast group.
bool is_local(const net::asio::ip::address& address);

/// A socket on `address`, which is_local(): joins a multicast group on every interface that can.
Result<net::UdpSocket> open_local(const net::asio::any_io_executor& executor,
                                  const net::asio::ip::address& address, std::uint16_t port);

/// "192.168.1.4:5353"
std::string endpoint_text(const net::asio::ip::address& address, std::uint16_t port);

}  // namespace aiot::listen
