#include "protocol/ble/beacon/beacons.hpp"

namespace aiot::ble::beacon {
namespace {

const Uuid improv_service = *Uuid::parse("00467768-6228-2272-4663-277478268000");
constexpr std::uint16_t improv_data_service = 0x4677;

constexpr std::uint8_t state_awaiting = 1;
constexpr std::uint8_t state_authorized = 2;
constexpr std::uint8_t state_provisioning = 3;
constexpr std::uint8_t state_provisioned = 4;

}  // namespace

std::optional<Finding> find_improv(const Advert& advert) {
  const Bytes* data = find_service_data(advert, improv_data_service);
  if (data == nullptr && !offers(advert, improv_service)) return std::nullopt;
  Finding finding{.format = "improv", .ecosystem = "Improv Wi-Fi"};
  if (data == nullptr || data->empty()) {
    finding.job = "pair";
    return finding;
  }
  switch ((*data)[0]) {
    case state_awaiting:
      finding.readings.push_back({"needs_button", true});
      finding.state = "unprovisioned";
      break;
    case state_authorized: finding.state = "unprovisioned"; break;
    case state_provisioning:
      finding.readings.push_back({"provisioning", true});
      finding.state = "unprovisioned";
      break;
    case state_provisioned: finding.state = "provisioned"; break;
    default: break;
  }
  if (finding.state == "unprovisioned") finding.job = "pair";
  if (data->size() > 1) finding.readings.push_back({"identifies", ((*data)[1] & 1) != 0});
  return finding;
}

}  // namespace aiot::ble::beacon
