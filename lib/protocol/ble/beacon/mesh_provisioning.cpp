#include <algorithm>

#include "protocol/ble/beacon/beacons.hpp"

namespace aiot::ble::beacon {
namespace {

constexpr std::uint16_t mesh_provisioning_service = 0x1827;

/// Tmall Genie's device UUID: company, version, product, address, flags (help.aliyun.com, document
/// 173310).
void add_tmall_genie(ByteSpan uuid, Finding& out) {
  out.ecosystem = "Alibaba Tmall Genie";
  out.readings.push_back({"product_id", load_le32(uuid.data() + 3)});
  DeviceAddress address{};
  std::reverse_copy(uuid.begin() + 7, uuid.begin() + 13, address.begin());
  out.address = address;
}

}  // namespace

std::optional<Finding> find_mesh_provisioning(const Advert& advert) {
  // Device UUID, and where out-of-band data is to be found.
  const Bytes* data = find_service_data(advert, mesh_provisioning_service);
  if (data == nullptr || data->size() < 18) return std::nullopt;
  Finding finding{.format = "mesh-provisioning",
                  .ecosystem = "Bluetooth Mesh",
                  .state = "unprovisioned",
                  .job = "pair"};
  const ByteSpan uuid = ByteSpan(*data).first(16);
  finding.hardware_id = to_hex(uuid);
  if (load_le16(uuid.data()) == alibaba_company) add_tmall_genie(uuid, finding);
  finding.readings.push_back({"oob_info", (*data)[16] << 8 | (*data)[17]});
  return finding;
}

}  // namespace aiot::ble::beacon
