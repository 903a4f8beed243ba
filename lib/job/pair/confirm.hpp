#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "job/pair/protocol.hpp"
#include "net/interfaces.hpp"
#include "protocol/dnssd/service.hpp"
#include "protocol/miio/packet.hpp"

namespace aiot::pair {

/// By what a device that has joined is found again.
struct Sought {
  std::optional<net::asio::ip::address> ip;  ///< that it reports
  /// Its id, where that is a MAC, or those that follow from the one of its access point.
  std::vector<net::MacAddress> macs;
  std::string name;  ///< as it calls itself
  /// The last half of its MAC, where its name ends with it: "PROV_12AB34".
  std::optional<std::array<std::uint8_t, 3>> mac_end;
  std::optional<std::uint64_t> miio_id;

  bool has_mac(const net::MacAddress& mac) const;
  bool empty() const { return !ip && macs.empty() && name.empty() && !miio_id; }
};
Sought sought_of(const PairResult& result, const Clues& clues = {});

/// Whether the reply to a hello is of that device; `neighbours` have the MAC of its sender.
bool is_sought(const miio::HelloReply& reply, const net::asio::ip::address& from,
               const net::Neighbours& neighbours, const Sought& sought);

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
