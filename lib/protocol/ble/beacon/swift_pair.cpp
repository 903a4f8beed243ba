#include "protocol/ble/beacon/beacons.hpp"

namespace aiot::ble::beacon {
namespace {

constexpr std::uint16_t microsoft = 0x0006;
constexpr std::uint8_t type_swift_pair = 0x03;

/// Which of the two radios to pair over.
std::string_view scenario_text(std::uint8_t scenario) {
  switch (scenario) {
    case 0x00: return "le";
    case 0x01: return "le_and_classic";
    case 0x02: return "classic";
    default: return "unknown";
  }
}

}  // namespace

std::optional<Finding> find_swift_pair(const Advert& advert) {
  const Bytes* data = find_manufacturer_data(advert, microsoft);
  if (data == nullptr || data->size() < 3 || (*data)[0] != type_swift_pair) return std::nullopt;
  Finding finding{.format = "swift-pair", .ecosystem = "Microsoft", .state = "unprovisioned"};
  finding.readings.push_back({"scenario", scenario_text((*data)[1])});
  return finding;
}

}  // namespace aiot::ble::beacon
