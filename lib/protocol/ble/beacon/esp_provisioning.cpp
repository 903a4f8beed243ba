#include "protocol/ble/beacon/beacons.hpp"

namespace aiot::ble::beacon {
namespace {

/// protocomm's service as the examples have it, and as it was before ESP-IDF 5.
const Uuid esp_provisioning_service = *Uuid::parse("1775244d-6b43-439b-877c-060f2d9bed07");
const Uuid old_esp_provisioning_service = *Uuid::parse("021a9004-0382-4aea-bff4-6b3f1c5adfb4");

}  // namespace

std::optional<Finding> find_esp_provisioning(const Advert& advert) {
  // Products choose their own UUID; what stays is the name that Espressif's apps look for.
  const bool is_known = offers(advert, esp_provisioning_service) || offers(advert, old_esp_provisioning_service);
  if (!is_known && !advert.name.starts_with("PROV_")) return std::nullopt;
  return Finding{.format = "esp-provisioning",
                 .ecosystem = "Espressif",
                 .state = "unprovisioned",
                 .job = "pair"};
}

}  // namespace aiot::ble::beacon
