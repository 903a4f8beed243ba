#include "protocol/ble/beacon/beacons.hpp"

namespace aiot::ble::beacon {
namespace {

constexpr std::uint16_t tuya_service = 0xFD50;
constexpr std::uint16_t tuya_company = 0x07D0;
constexpr std::uint8_t flag_bound = 0x80;

}  // namespace

std::optional<Finding> find_tuya(const Advert& advert) {
  // The fields that Tuya's open Bluetooth stacks and Home Assistant's integrations agree on: bound,
  // and the version of the protocol. The rest is encrypted.
  const Bytes* data = find_manufacturer_data(advert, tuya_company);
  if (data == nullptr && !offers(advert, Uuid::of(tuya_service))) return std::nullopt;
  Finding finding{.format = "tuya", .ecosystem = "Tuya"};
  if (data != nullptr && data->size() >= 2) {
    finding.state = ((*data)[0] & flag_bound) != 0 ? "provisioned" : "unprovisioned";
    finding.readings.push_back({"protocol_version", int{(*data)[1]}});
  }
  return finding;
}

}  // namespace aiot::ble::beacon
