#include "job/pair/alibaba.hpp"
#include "job/pair/ble.hpp"
#include "job/pair/dpp.hpp"
#include "job/pair/esp.hpp"
#include "job/pair/homekit.hpp"
#include "job/pair/improv.hpp"
#include "job/pair/mesh.hpp"
#include "job/pair/miio.hpp"
#include "job/pair/protocol.hpp"

namespace aiot::pair {
namespace {

constexpr Stage no_link[] = {Stage::connected};
constexpr Stage no_proof[] = {Stage::connected, Stage::authenticated};

/// One row for each: NAME, what it pairs, which targets it takes, whether it needs Wi-Fi
/// credentials, its session.
const std::vector<Protocol>& table() {
  static constexpr std::array no_credentials_nor_link = {Stage::connected, Stage::credentials_sent};
  static constexpr std::array no_credentials = {Stage::credentials_sent};
  static const std::vector<Protocol> rows = {
      {"dpp", "Wi-Fi Easy Connect: a DPP: code, over TCP or radio", takes_dpp, true, pair_dpp},
      {"esp", "ESP-IDF's provisioning, over HTTP to the device's access point", takes_esp, true,
       pair_esp},
      {"homekit", "HomeKit accessories over IP, by their setup code", takes_homekit, false,
       pair_homekit, no_credentials, true},
      {"alibaba", "Alibaba's Link Kit at its own access point", takes_alibaba, true, pair_alibaba,
       no_proof},
      {"improv", "Improv Wi-Fi on a serial port", takes_improv, true, pair_improv},
      {"miio", "Xiaomi's Wi-Fi devices (miIO)", takes_miio, true, pair_miio, no_link},
      {"ble", "Bluetooth LE: ESP-IDF's provisioning, Improv, or else a bond", takes_ble, false,
       pair_ble},
      {"mesh", "Bluetooth mesh, over PB-ADV through bluetooth-meshd", takes_mesh, false, pair_mesh,
       no_credentials_nor_link},
      {"bluetooth", "a bond with a Bluetooth BR/EDR device", takes_bluetooth, false, pair_bluetooth,
       no_credentials},
  };
  return rows;
}

}  // namespace

std::span<const Protocol> protocols() { return table(); }

}  // namespace aiot::pair
