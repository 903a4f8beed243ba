#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "aiot/bytes.hpp"

/// Bluetooth mesh devices of Tmall Genie.
namespace aiot::alibaba {

/// What the device's UUID says, which it sends while nobody has provisioned it.
struct GenieUuid {
  std::uint32_t product_id = 0;
  std::array<std::uint8_t, 6> mac{};  ///< most significant byte first
  std::uint8_t flags = 0;
};
/// Company 01A8 and version 71, product id (little-endian), MAC from its last byte on, flags, two
/// bytes for later. Nothing for another UUID.
std::optional<GenieUuid> parse_genie_uuid(ByteSpan uuid);
std::array<std::uint8_t, 16> genie_uuid(const GenieUuid& device);

/// What both sides know without an exchange ("static OOB"): from the secret that the product's
/// maker was given for this device. `random` is of newer devices, "" for others.
std::array<std::uint8_t, 16> genie_static_oob(std::uint32_t product_id,
                                              const std::array<std::uint8_t, 6>& mac,
                                              std::string_view secret,
                                              std::string_view random = {});

}  // namespace aiot::alibaba
