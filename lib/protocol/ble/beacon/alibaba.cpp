#include <fmt/format.h>

#include <algorithm>

#include "protocol/ble/beacon/beacons.hpp"

namespace aiot::ble::beacon {
namespace {

constexpr std::uint16_t alibaba_service = 0xFEB3;

/// Upper half of the first byte.
constexpr unsigned subtype_beacon = 0x9;

/// Bits of the function mask in the connectable subtypes.
constexpr std::uint8_t mask_ota = 1 << 2;
constexpr std::uint8_t mask_authenticated = 1 << 3;
constexpr std::uint8_t mask_provisioned = 1 << 5;

std::string_view subtype_text(unsigned subtype) {
  switch (subtype) {
    case 0x8: return "basic";
    case subtype_beacon: return "beacon";
    case 0xA: return "audio";
    case 0xB: return "gatt";
    default: return "unknown";
  }
}

DeviceAddress reversed(ByteSpan bytes) {
  DeviceAddress address{};
  std::reverse_copy(bytes.begin(), bytes.end(), address.begin());
  return address;
}

/// After the company: version and subtype, function mask, product, address.
void add_fields(ByteSpan data, Finding& out) {
  const unsigned subtype = data[0] >> 4;
  const std::uint8_t mask = data[1];
  out.readings.push_back({"subtype", subtype_text(subtype)});
  if (subtype == subtype_beacon) {
    if (data.size() < 10) return;
    out.readings.push_back({"product_id", int{load_le16(data.data() + 2)}});
    out.address = reversed(data.subspan(4, 6));
    return;
  }
  if (data.size() < 12) return;
  out.readings.push_back({"product_id", load_le32(data.data() + 2)});
  out.readings.push_back({"ota", (mask & mask_ota) != 0});
  out.readings.push_back({"authenticated", (mask & mask_authenticated) != 0});
  out.address = reversed(data.subspan(6, 6));
  const bool provisioned = (mask & mask_provisioned) != 0;
  out.state = provisioned ? "provisioned" : "unprovisioned";
  if (!provisioned) out.job = "pair";
}

}  // namespace

std::optional<Finding> find_alibaba(const Advert& advert) {
  const Bytes* data = find_manufacturer_data(advert, alibaba_company);
  if (data == nullptr && !offers(advert, Uuid::of(alibaba_service))) return std::nullopt;
  Finding finding{.format = "alibaba", .ecosystem = "Alibaba Tmall Genie"};
  if (data != nullptr && data->size() >= 2) add_fields(*data, finding);
  return finding;
}

}  // namespace aiot::ble::beacon
