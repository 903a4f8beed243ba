#include "job/pair/protocol.hpp"

#include "job/pair/dpp.hpp"
#include "job/pair/esp.hpp"
#include "job/pair/homekit.hpp"

namespace aiot::pair {
namespace {

/// One row for each: NAME, what it pairs, which targets it takes, whether it needs Wi-Fi
/// credentials, its session.
const std::vector<Protocol>& table() {
  static constexpr std::array no_credentials = {Stage::credentials_sent};
  static const std::vector<Protocol> rows = {
      {"dpp", "Wi-Fi Easy Connect: a DPP: code, over TCP or radio", takes_dpp, true, pair_dpp},
      {"esp", "ESP-IDF's provisioning, over HTTP to the device's access point", takes_esp, true,
       pair_esp},
      {"homekit", "HomeKit accessories over IP, by their setup code", takes_homekit, false,
       pair_homekit, no_credentials},
  };
  return rows;
}

}  // namespace

std::span<const Protocol> protocols() { return table(); }

}  // namespace aiot::pair
