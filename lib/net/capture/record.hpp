#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "aiot/bytes.hpp"
#include "net/capture/error.hpp"

namespace aiot::net::capture {

/// What a record's bytes begin with: LINKTYPE_ numbers of tcpdump.org/linktypes.html, and above
/// 0xFFFF those that only btsnoop has.
enum class Link : std::uint32_t {
  null = 0,
  ethernet = 1,
  raw_ip = 101,
  loop = 108,
  linux_cooked = 113,
  hci_h4 = 187,
  hci_h4_with_direction = 201,
  ipv4 = 228,
  ipv6 = 229,
  ble_link = 251,
  linux_monitor = 254,
  ble_link_with_header = 256,
  nordic_sniffer = 272,
  linux_cooked_2 = 276,
  hci_without_type = 0x10001,        ///< btsnoop 1001: what it is stands in the flags
  linux_monitor_in_flags = 0x10002,  ///< btsnoop 2001: so is the monitor's opcode
};

/// One packet as it was captured.
struct Record {
  Link link = Link::ethernet;
  std::chrono::nanoseconds time{0};  ///< since 1970; 0 where the format has none
  std::uint32_t flags = 0;           ///< btsnoop's
  ByteSpan bytes;                    ///< a view until the next record
};

/// Reads the records of a capture in their order.
class Reader {
 public:
  virtual ~Reader() = default;
  /// nullopt at the end. After an error there is nothing more.
  virtual Result<std::optional<Record>> next() = 0;
};

}  // namespace aiot::net::capture
