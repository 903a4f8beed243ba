#pragma once

#include <array>
#include <optional>

#include "aiot/bytes.hpp"

namespace aiot::capture {

/// One advertisement, as a controller or a sniffer heard it.
struct AdvertReport {
  std::array<std::uint8_t, 6> address{};  ///< the most significant byte first
  bool random_address = true;
  bool connectable = false;
  std::optional<int> rssi_dbm;
  std::optional<int> tx_power_dbm;
  Bytes data;            ///< AD structures
  bool complete = true;  ///< false: the controller could not put all of it together
};

}  // namespace aiot::capture
