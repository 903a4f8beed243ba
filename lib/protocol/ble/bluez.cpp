#include "protocol/ble/bluez.hpp"

namespace aiot::ble {
namespace {

/// Core Specification 5.4, volume 4, part E, 7.7.65.2: from -127 to 20, 127 when it is not known.
constexpr int max_rssi_dbm = 20;

}  // namespace

std::optional<Advert> to_advert(const net::bluez::Advert& heard) {
  const auto address = parse_device_address(heard.address);
  if (!address) return std::nullopt;
  Advert out;
  out.address = *address;
  out.kind = heard.random_address ? AddressKind::random_address : AddressKind::public_address;
  if (heard.rssi_dbm && *heard.rssi_dbm <= max_rssi_dbm) out.rssi_dbm = heard.rssi_dbm;
  out.tx_power_dbm = heard.tx_power_dbm;
  out.appearance = heard.appearance;
  if (heard.flags && !heard.flags->empty()) out.flags = heard.flags->front();
  out.name = heard.name;
  for (const std::string& text : heard.service_uuids) {
    if (const auto uuid = Uuid::parse(text)) out.services.push_back(*uuid);
  }
  for (const auto& [text, data] : heard.service_data) {
    if (const auto uuid = Uuid::parse(text)) out.service_data.push_back({*uuid, data});
  }
  for (const auto& [company, data] : heard.manufacturer_data)
    out.manufacturer_data.push_back({company, data});
  return out;
}

}  // namespace aiot::ble
