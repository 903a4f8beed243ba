#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/ble/advert.hpp"
#include "protocol/ble/reading.hpp"

namespace aiot::ble::beacon {

inline constexpr std::uint16_t apple_company = 0x004C;
inline constexpr std::uint16_t alibaba_company = 0x01A8;

/// What one format says of the device that sent it.
struct Finding {
  std::string_view format;          ///< "ibeacon"
  std::string_view ecosystem = {};  ///< "Matter"; "" when the format belongs to none
  /// "unprovisioned", "provisioned", "secured"; "" when the format does not say.
  std::string_view state = {};
  std::string_view job = {};                  ///< "pair": what the device waits for
  std::string hardware_id = {};               ///< the format's own id of this one device
  std::optional<DeviceAddress> address = {};  ///< the device's real one, when the data names it
  std::vector<Reading> readings = {};
  // Of Matter:
  std::optional<std::uint16_t> discriminator = {};
  std::optional<std::uint16_t> vendor_id = {};
  std::optional<std::uint16_t> product_id = {};
};

}  // namespace aiot::ble::beacon
