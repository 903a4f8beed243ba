#include <array>

#include "protocol/ble/beacon/beacons.hpp"

namespace aiot::ble::beacon {

std::vector<Finding> find_all(const Advert& advert) {
  constexpr std::array finders = {
      find_alibaba,          find_amazon,     find_baidu,   find_eddystone,
      find_esp_provisioning, find_fast_pair,  find_homekit, find_huawei,
      find_ibeacon,          find_improv,     find_matter,  find_mesh_provisioning,
      find_mi_scale,         find_swift_pair, find_tuya,
  };
  std::vector<Finding> found;
  for (const auto finder : finders) {
    if (auto finding = finder(advert)) found.push_back(std::move(*finding));
  }
  return found;
}

}  // namespace aiot::ble::beacon
