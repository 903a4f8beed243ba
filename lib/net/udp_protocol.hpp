#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace aiot::net {

/// Where a protocol over UDP is spoken. Each protocol's room has one row; searches, the decoders of
/// captures and virtual devices all go by it.
struct UdpProtocol {
  std::string_view name;
  std::span<const std::uint16_t> ports;           ///< the first is the one that is asked
  std::span<const std::string_view> groups = {};  ///< multicast groups of either family
};

}  // namespace aiot::net
