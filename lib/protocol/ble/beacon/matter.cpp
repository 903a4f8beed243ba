#include "protocol/ble/beacon/beacons.hpp"

namespace aiot::ble::beacon {
namespace {

constexpr std::uint16_t matter_service = 0xFFF6;
constexpr std::uint8_t opcode_commissionable = 0x00;
constexpr std::uint8_t flag_additional_data = 0x01;
constexpr std::uint8_t flag_extended = 0x02;

}  // namespace

std::optional<Finding> find_matter(const Advert& advert) {
  // Opcode, version and discriminator, vendor, product, flags.
  const Bytes* data = find_service_data(advert, matter_service);
  if (data == nullptr || data->size() < 8 || (*data)[0] != opcode_commissionable) {
    return std::nullopt;
  }
  Finding finding{
      .format = "matter", .ecosystem = "Matter", .state = "unprovisioned", .job = "pair"};
  const std::uint8_t* p = data->data();
  finding.discriminator = static_cast<std::uint16_t>(load_le16(p + 1) & 0x0FFF);
  // A device may keep these two to itself: 0.
  if (load_le16(p + 3) != 0) finding.vendor_id = load_le16(p + 3);
  if (load_le16(p + 5) != 0) finding.product_id = load_le16(p + 5);
  finding.readings.push_back({"additional_data", (p[7] & flag_additional_data) != 0});
  finding.readings.push_back({"extended_announcement", (p[7] & flag_extended) != 0});
  return finding;
}

}  // namespace aiot::ble::beacon
