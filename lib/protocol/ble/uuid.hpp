#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "aiot/bytes.hpp"

namespace aiot::ble {

/// A Bluetooth UUID. 16-bit and 32-bit ones are short for 128-bit ones on the Bluetooth base
/// (Core Specification 5.4, volume 3, part B, section 2.5.1), so all are kept in that form.
struct Uuid {
  std::array<std::uint8_t, 16> bytes{};  ///< in the order they are written

  /// The UUID of a 16-bit or 32-bit number.
  static Uuid of(std::uint32_t number);
  /// From 2, 4 or 16 bytes in the order of the air (little-endian); nullopt for another length.
  static std::optional<Uuid> from_air(ByteSpan bytes);
  /// "fe95", "0000fe95" or "0000fe95-0000-1000-8000-00805f9b34fb", in either case.
  static std::optional<Uuid> parse(std::string_view text);

  /// The 16-bit or 32-bit number, when it lies on the Bluetooth base.
  std::optional<std::uint32_t> number() const;
  /// "fe95", "12345678" or "00467768-6228-2272-4663-277478268000".
  std::string str() const;

  friend bool operator==(const Uuid&, const Uuid&) = default;
};

}  // namespace aiot::ble
