#include <fmt/format.h>

#include "protocol/ble/beacon/beacons.hpp"

namespace aiot::ble::beacon {

std::optional<Finding> find_fast_pair(const Advert& advert) {
  const Bytes* data = find_service_data(advert, 0xFE2C);
  if (data == nullptr || data->empty()) return std::nullopt;
  Finding finding{.format = "fast-pair", .ecosystem = "Google"};
  // Three bytes are a model that waits to be paired; anything else is for those who have been.
  if (data->size() == 3) {
    finding.readings.push_back({"model_id", to_hex(*data)});
    finding.state = "unprovisioned";
  } else {
    finding.state = "provisioned";
  }
  return finding;
}

}  // namespace aiot::ble::beacon
