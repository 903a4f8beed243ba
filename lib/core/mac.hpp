#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace aiot {

/// A MAC address or a Bluetooth device address, the most significant byte first.
using Mac = std::array<std::uint8_t, 6>;

/// Twelve hex digits, with or without colons or hyphens between the bytes, in either case.
std::optional<Mac> parse_mac(std::string_view text);

}  // namespace aiot
