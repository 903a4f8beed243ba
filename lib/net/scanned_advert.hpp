#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "aiot/bytes.hpp"
#include "core/mac.hpp"

namespace aiot::net {

/// One advertisement of a Bluetooth LE device, as a daemon, a controller or a sniffer reports it. A
/// daemon (BlueZ) has taken the AD structures apart; the others give them in `data`.
struct ScannedAdvert {
  Mac address{};
  bool random_address = true;
  bool connectable = true;
  std::optional<int> rssi_dbm;
  std::optional<int> tx_power_dbm;
  Bytes data;            ///< AD structures
  bool complete = true;  ///< false: the controller could not put all of it together

  std::string name;
  std::optional<std::uint16_t> appearance;
  std::optional<Bytes> flags;
  std::vector<std::string> service_uuids;  ///< 128 bits: "0000fe95-0000-1000-8000-00805f9b34fb"
  std::vector<std::pair<std::string, Bytes>> service_data;
  std::vector<std::pair<std::uint16_t, Bytes>> manufacturer_data;
};

}  // namespace aiot::net
