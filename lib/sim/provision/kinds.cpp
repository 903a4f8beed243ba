#include "sim/provision/kind.hpp"

#include "sim/provision/dpp.hpp"
#include "sim/provision/esp.hpp"
#include "sim/provision/homekit.hpp"

namespace aiot::sim::provision {
namespace {

/// One row for each: NAME, what it is, what makes it.
const std::vector<Kind>& table() {
  static const std::vector<Kind> rows = {
      {"dpp", "Wi-Fi Easy Connect over TCP, with a DPP: code", make_dpp},
      {"esp", "ESP-IDF's provisioning over HTTP, as an access point serves it, with an ESP code",
       make_esp},
      {"homekit", "a HomeKit accessory over IP, announced by mDNS", make_homekit},
  };
  return rows;
}

}  // namespace

std::span<const Kind> kinds() { return table(); }

}  // namespace aiot::sim::provision
