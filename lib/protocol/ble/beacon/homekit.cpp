#include "protocol/ble/beacon/beacons.hpp"

namespace aiot::ble::beacon {
namespace {

constexpr std::uint8_t type_homekit = 0x06;
constexpr std::uint8_t status_not_paired = 0x01;

}  // namespace

std::optional<Finding> find_homekit(const Advert& advert) {
  // Type, subtype and length, status, device id, category, state number, configuration number.
  const Bytes* data = find_manufacturer_data(advert, apple_company);
  if (data == nullptr || data->size() < 14 || (*data)[0] != type_homekit) return std::nullopt;
  Finding finding{.format = "homekit", .ecosystem = "Apple"};
  finding.hardware_id = to_hex(ByteSpan(*data).subspan(3, 6), ":");
  const bool unpaired = ((*data)[2] & status_not_paired) != 0;
  finding.state = unpaired ? "unprovisioned" : "provisioned";
  if (unpaired) finding.job = "pair";
  finding.readings.push_back({"category", int{load_le16(data->data() + 9)}});
  finding.readings.push_back({"state_number", int{load_le16(data->data() + 11)}});
  finding.readings.push_back({"configuration", int{(*data)[13]}});
  return finding;
}

}  // namespace aiot::ble::beacon
