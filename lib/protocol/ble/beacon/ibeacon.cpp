#include <algorithm>

#include "protocol/ble/beacon/beacons.hpp"

namespace aiot::ble::beacon {
namespace {

constexpr std::uint8_t type_ibeacon = 0x02;
constexpr std::uint8_t length_ibeacon = 0x15;

}  // namespace

std::optional<Finding> find_ibeacon(const Advert& advert) {
  const Bytes* data = find_manufacturer_data(advert, apple_company);
  if (data == nullptr || data->size() < 2u + length_ibeacon) return std::nullopt;
  const auto* p = data->data();
  if (p[0] != type_ibeacon || p[1] != length_ibeacon) return std::nullopt;
  Uuid uuid;
  std::copy_n(p + 2, uuid.bytes.size(), uuid.bytes.begin());
  Finding finding{.format = "ibeacon"};
  finding.readings = {{"uuid", uuid.str()},
                      {"major", load_be16(p + 18)},
                      {"minor", load_be16(p + 20)},
                      {"tx_power_1m", int{static_cast<std::int8_t>(p[22])}, "dbm"}};
  return finding;
}

}  // namespace aiot::ble::beacon
