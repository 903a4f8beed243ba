#include "protocol/ble/beacon.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

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

namespace {

constexpr std::uint16_t eddystone_service = 0xFEAA;

/// The schemes and endings that one byte stands for.
constexpr std::array<std::string_view, 4> schemes = {"http://www.", "https://www.", "http://",
                                                     "https://"};
constexpr std::array<std::string_view, 14> endings = {".com/", ".org/", ".edu/", ".net/", ".info/",
                                                      ".biz/", ".gov/", ".com",  ".org",  ".edu",
                                                      ".net",  ".info", ".biz",  ".gov"};

std::optional<std::string> url_of(ByteSpan data) {
  if (data.empty() || data[0] >= schemes.size()) return std::nullopt;
  std::string url(schemes[data[0]]);
  for (const std::uint8_t byte : data.subspan(1)) {
    if (byte < endings.size()) {
      url += endings[byte];
    } else {
      url += static_cast<char>(byte);
    }
  }
  return url;
}

/// Telemetry that is not encrypted: battery, temperature, counts since power-up.
void add_telemetry(ByteSpan data, std::vector<Reading>& out) {
  const auto* p = data.data();
  if (const unsigned millivolt = load_be16(p + 2); millivolt != 0) {  // 0: no battery
    out.push_back({"battery", scaled(millivolt, 1, 1000), "volt"});
  }
  if (const unsigned raw = load_be16(p + 4); raw != 0x8000) {  // 8.8 fixed point; 8000: no sensor
    out.push_back({"temperature", scaled(static_cast<std::int16_t>(raw), 1, 256), "celsius"});
  }
  out.push_back({"adverts", load_be32(p + 6)});
  out.push_back({"uptime", scaled(load_be32(p + 10), 1, 10), "s"});
}

}  // namespace

std::optional<Finding> find_eddystone(const Advert& advert) {
  const Bytes* data = find_service_data(advert, eddystone_service);
  if (data == nullptr || data->size() < 2) return std::nullopt;
  Finding finding{.format = "eddystone"};
  const ByteSpan bytes = *data;
  const auto add = [&](Reading reading) { finding.readings.push_back(std::move(reading)); };
  const auto add_power = [&] {
    add({"tx_power_0m", int{static_cast<std::int8_t>(bytes[1])}, "dbm"});
  };
  switch (bytes[0]) {
    case 0x00:
      if (bytes.size() < 18) return std::nullopt;
      finding.format = "eddystone-uid";
      finding.hardware_id = to_hex(bytes.subspan(2, 16));
      add({"namespace", to_hex(bytes.subspan(2, 10))});
      add({"instance", to_hex(bytes.subspan(12, 6))});
      add_power();
      break;
    case 0x10: {
      const auto url = url_of(bytes.subspan(2));
      if (!url) return std::nullopt;
      finding.format = "eddystone-url";
      add({"url", *url});
      add_power();
      break;
    }
    case 0x20:
      finding.format = "eddystone-tlm";
      if (bytes[1] == 0x01) {
        add({"encrypted", true});
      } else if (bytes[1] == 0x00 && bytes.size() >= 14) {
        add_telemetry(bytes, finding.readings);
      } else {
        return std::nullopt;
      }
      break;
    case 0x30:
      if (bytes.size() < 10) return std::nullopt;
      finding.format = "eddystone-eid";
      add({"ephemeral_id", to_hex(bytes.subspan(2, 8))});
      add_power();
      break;
    default: return std::nullopt;  // makers put formats of their own there
  }
  return finding;
}

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

namespace {

constexpr std::uint8_t type_homekit = 0x06;
constexpr std::uint8_t status_not_paired = 0x01;

}  // namespace

std::optional<Finding> find_homekit(const Advert& advert) {
  // Type, subtype and length, status, device id, category, state number, configuration number.
  const Bytes* data = find_manufacturer_data(advert, apple_company);
  if (data == nullptr || data->size() < 14 || (*data)[0] != type_homekit) return std::nullopt;
  Finding finding{.format = "homekit", .ecosystem = "Apple"};
  DeviceAddress id{};
  std::copy_n(data->begin() + 3, id.size(), id.begin());
  finding.hardware_id = address_text(id);  // as the same device's TXT record has it
  const bool unpaired = ((*data)[2] & status_not_paired) != 0;
  finding.state = unpaired ? "unprovisioned" : "provisioned";
  if (unpaired) finding.job = "pair";
  finding.readings.push_back({"category", int{load_le16(data->data() + 9)}});
  finding.readings.push_back({"state_number", int{load_le16(data->data() + 11)}});
  finding.readings.push_back({"configuration", int{(*data)[13]}});
  return finding;
}

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

// Formats of which nothing but the maker is public.

namespace aiot::ble::beacon {

std::optional<Finding> find_amazon(const Advert& advert) {
  if (!offers(advert, Uuid::of(0xFE03))) return std::nullopt;
  return Finding{.format = "amazon", .ecosystem = "Amazon"};
}

std::optional<Finding> find_baidu(const Advert& advert) {
  if (!offers(advert, Uuid::of(0xFDC2))) return std::nullopt;
  return Finding{.format = "baidu", .ecosystem = "Baidu"};
}

std::optional<Finding> find_huawei(const Advert& advert) {
  if (!offers(advert, Uuid::of(0xFE35)) && find_manufacturer_data(advert, 0x027D) == nullptr) {
    return std::nullopt;
  }
  return Finding{.format = "huawei", .ecosystem = "Huawei"};
}

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

namespace {

constexpr std::uint16_t weight_scale = 0x181D;
constexpr std::uint16_t body_composition = 0x181B;
constexpr std::size_t first_size = 10;
constexpr std::size_t second_size = 13;

/// Bits of the control byte that both generations share.
constexpr unsigned bit_stable = 1U << 5;
constexpr unsigned bit_removed = 1U << 7;
/// Of the second generation's unit: a thing is weighed, not a person.
constexpr unsigned bit_object = 1U << 2;

/// Hundredths of a pound or of a jin (half a kilogram), or two hundredths of a kilogram.
Reading mass(unsigned raw, std::string_view unit) {
  return {"mass", scaled(raw, 1, unit == "kg" ? 200 : 100), unit};
}

Finding finding_of(std::string_view format, unsigned control, Reading its_mass) {
  Finding finding{.format = format, .ecosystem = "Xiaomi Mi Home"};
  finding.readings.push_back(std::move(its_mass));
  finding.readings.push_back({"stabilized", (control & bit_stable) != 0});
  finding.readings.push_back({"mass_removed", (control & bit_removed) != 0});
  return finding;
}

Finding first_generation(const std::uint8_t* p) {
  const unsigned control = p[0];
  const std::string_view unit = (control & 0x01) != 0 ? "lb" : (control & 0x10) != 0 ? "jin" : "kg";
  return finding_of("mi-scale-v1", control, mass(load_le16(p + 1), unit));
}

std::optional<Finding> second_generation(const std::uint8_t* p) {
  const unsigned control = p[1];
  const bool in_jin = (control & 0x40) != 0;
  const unsigned unit_code = p[0] & ~bit_object;
  if (!in_jin && unit_code != 2 && unit_code != 3) return std::nullopt;  // a unit nobody knows
  const std::string_view unit = in_jin ? "jin" : unit_code == 3 ? "lb" : "kg";
  Finding finding = finding_of("mi-scale-v2", control, mass(load_le16(p + 11), unit));
  if ((p[0] & bit_object) != 0) finding.readings.push_back({"object", true});
  if ((control & 0x02) != 0) {
    finding.readings.push_back({"impedance", int{load_le16(p + 9)}, "ohm"});
  }
  return finding;
}

}  // namespace

std::optional<Finding> find_mi_scale(const Advert& advert) {
  const Bytes* first = find_service_data(advert, weight_scale);
  if (first != nullptr && first->size() == first_size) return first_generation(first->data());
  const Bytes* second = find_service_data(advert, body_composition);
  if (second != nullptr && second->size() == second_size) return second_generation(second->data());
  return std::nullopt;
}

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

namespace {

constexpr std::uint16_t tuya_service = 0xFD50;
constexpr std::uint16_t tuya_company = 0x07D0;
constexpr std::uint8_t flag_bound = 0x80;

}  // namespace

std::optional<Finding> find_tuya(const Advert& advert) {
  // The fields that Tuya's open Bluetooth stacks and Home Assistant's integrations agree on: bound,
  // and the version of the protocol. The rest is encrypted.
  const Bytes* data = find_manufacturer_data(advert, tuya_company);
  if (data == nullptr && !offers(advert, Uuid::of(tuya_service))) return std::nullopt;
  Finding finding{.format = "tuya", .ecosystem = "Tuya"};
  if (data != nullptr && data->size() >= 2) {
    finding.state = ((*data)[0] & flag_bound) != 0 ? "provisioned" : "unprovisioned";
    finding.readings.push_back({"protocol_version", int{(*data)[1]}});
  }
  return finding;
}

std::vector<Finding> find_all(const Advert& advert) {
  constexpr std::array finders = {
      find_alibaba,          find_amazon,     find_baidu,   find_eddystone,
      find_esp_provisioning, find_fast_pair,  find_govee,   find_homekit,
      find_huawei,           find_ibeacon,    find_improv,  find_inkbird,
      find_matter,           find_mesh_provisioning,        find_mi_scale,
      find_mopeka,           find_oral_b,     find_ruuvi,   find_swift_pair,
      find_switchbot,        find_tuya,
  };
  std::vector<Finding> found;
  for (const auto finder : finders) {
    if (auto finding = finder(advert)) found.push_back(std::move(*finding));
  }
  return found;
}

}  // namespace aiot::ble::beacon
