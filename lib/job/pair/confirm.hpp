#pragma once

#include <optional>
#include <string>
#include <vector>

#include "job/pair/protocol.hpp"
#include "net/interfaces.hpp"
#include "protocol/dnssd/service.hpp"

namespace aiot::pair {

/// By what a device that has joined is found again.
struct Sought {
  std::optional<net::asio::ip::address> ip;  ///< that it reports
  std::optional<net::MacAddress> mac;        ///< its id, where that is a MAC
  std::string name;                          ///< as it calls itself
};
Sought sought_of(const PairResult& result);

/// Whether an announced service is of that device: its address, its MAC in a name or a text, or its
/// own name.
bool is_sought(const dnssd::Service& service, const Sought& sought);

/// Whether `ip` is this machine's own or of a network that it is on.
bool is_near(const net::asio::ip::address& ip, const std::vector<net::Interface>& interfaces);

/// Finds the device on this host's networks by mDNS and the kernel's neighbour table, and fills in
/// its IP address. Errc::wrong_subnet when the address that it reports is on none of them;
/// Errc::not_found when it is not seen in 30 s, or has nothing that it can be found by.
net::Task<void> confirm(Attempt& attempt);

}  // namespace aiot::pair
