#include "sim/provision/alibaba.hpp"
#include "sim/provision/dpp.hpp"
#include "sim/provision/esp.hpp"
#include "sim/provision/homekit.hpp"
#include "sim/provision/improv.hpp"
#include "sim/provision/kind.hpp"
#include "sim/provision/mesh.hpp"
#include "sim/provision/miio.hpp"

namespace aiot::sim::provision {
namespace {

/// One row for each: NAME, what it is, what makes it.
const std::vector<Kind>& table() {
  static const std::vector<Kind> rows = {
      {"alibaba", "a device with Alibaba's Link Kit at its own access point", make_alibaba},
      {"dpp", "Wi-Fi Easy Connect over TCP, with a DPP: code", make_dpp},
      {"esp", "ESP-IDF's provisioning over HTTP, as an access point serves it, or BLE, with an ESP code",
       make_esp},
      {"homekit", "a HomeKit accessory over IP, announced by mDNS", make_homekit},
      {"improv", "Improv Wi-Fi on a serial port, or over BLE", make_improv},
      {"mesh", "a Bluetooth mesh device that is provisioned over PB-ADV", make_mesh},
      {"miio", "a Wi-Fi device of Xiaomi's", make_miio},
  };
  return rows;
}

}  // namespace

std::span<const Kind> kinds() { return table(); }

}  // namespace aiot::sim::provision
