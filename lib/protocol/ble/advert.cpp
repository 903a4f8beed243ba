#include "protocol/ble/advert.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <utility>

namespace aiot::ble {
namespace {

constexpr ErrorRow rows[] = {
    {Errc::truncated, "ble.truncated", "the advert ends too early", Condition::protocol},
    {Errc::bad_format, "ble.format", "not an advert of this format", Condition::protocol},
    {Errc::bad_version, "ble.version", "this version of the format is not known",
     Condition::protocol},
    {Errc::wrong_key, "ble.wrong_key", "the bind key does not fit", Condition::refused_security},
};
const ErrorTable table("ble", rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), table}; }

namespace {

constexpr std::array<std::uint8_t, 16> base = {0,    0,    0,    0,    0,    0,    0x10, 0,
                                               0x80, 0x00, 0x00, 0x80, 0x5F, 0x9B, 0x34, 0xFB};

}  // namespace

Uuid Uuid::of(std::uint32_t number) {
  Uuid out{base};
  for (std::size_t i = 0; i < 4; ++i) out.bytes[3 - i] = static_cast<std::uint8_t>(number >> 8 * i);
  return out;
}

std::optional<Uuid> Uuid::from_air(ByteSpan bytes) {
  if (bytes.size() == 2) return of(load_le16(bytes.data()));
  if (bytes.size() == 4) return of(load_le32(bytes.data()));
  if (bytes.size() != 16) return std::nullopt;
  Uuid out;
  std::reverse_copy(bytes.begin(), bytes.end(), out.bytes.begin());
  return out;
}

std::optional<Uuid> Uuid::parse(std::string_view text) {
  std::string digits;
  if (text.size() == 36) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
      if (hyphen != (text[i] == '-')) return std::nullopt;
      if (!hyphen) digits += text[i];
    }
  } else if (text.size() == 4 || text.size() == 8) {
    digits = text;
  } else {
    return std::nullopt;
  }
  std::optional<Bytes> bytes = from_hex(digits);
  if (!bytes || bytes->size() * 2 != digits.size()) return std::nullopt;
  std::reverse(bytes->begin(), bytes->end());
  return from_air(*bytes);
}

std::optional<std::uint32_t> Uuid::number() const {
  if (!std::equal(bytes.begin() + 4, bytes.end(), base.begin() + 4)) return std::nullopt;
  return static_cast<std::uint32_t>(bytes[0]) << 24 | static_cast<std::uint32_t>(bytes[1]) << 16 |
         static_cast<std::uint32_t>(bytes[2]) << 8 | bytes[3];
}

std::string Uuid::str() const {
  if (const auto n = number())
    return *n > 0xFFFF ? fmt::format("{:08x}", *n) : fmt::format("{:04x}", *n);
  std::string out = to_hex(bytes);
  for (const std::size_t at : {20, 16, 12, 8}) out.insert(at, 1, '-');
  return out;
}

namespace {

constexpr std::array<std::pair<std::uint16_t, std::string_view>, 16> companies = {{
    {0x0006, "Microsoft"},
    {0x004C, "Apple, Inc."},
    {0x0059, "Nordic Semiconductor ASA"},
    {0x0075, "Samsung Electronics Co. Ltd."},
    {0x0087, "Garmin International, Inc."},
    {0x00E0, "Google"},
    {0x0157, "Anhui Huami Information Technology Co., Ltd."},
    {0x0171, "Amazon.com Services LLC"},
    {0x01A8, "Alibaba"},
    {0x01DA, "Logitech International SA"},
    {0x027D, "HUAWEI Technologies Co., Ltd."},
    {0x02E5, "Espressif Systems (Shanghai) Co., Ltd."},
    {0x038F, "Xiaomi Inc."},
    {0x0499, "Ruuvi Innovations Ltd."},
    {0x07D0, "Tuya Global Inc."},
    {0x0BA9, "Allterco Robotics ltd"},
}};
static_assert(std::ranges::is_sorted(companies));

}  // namespace

std::string_view company_name(std::uint16_t company) {
  const auto it =
      std::ranges::lower_bound(companies, company, {}, [](const auto& row) { return row.first; });
  return it != companies.end() && it->first == company ? it->second : std::string_view{};
}

namespace {

constexpr std::size_t max_data = 1650;

/// AD types (Assigned Numbers, section 2.3).
enum : std::uint8_t {
  type_flags = 0x01,
  type_some_16 = 0x02,
  type_all_16 = 0x03,
  type_some_32 = 0x04,
  type_all_32 = 0x05,
  type_some_128 = 0x06,
  type_all_128 = 0x07,
  type_short_name = 0x08,
  type_whole_name = 0x09,
  type_tx_power = 0x0A,
  type_data_16 = 0x16,
  type_appearance = 0x19,
  type_data_32 = 0x20,
  type_data_128 = 0x21,
  type_company = 0xFF,
};

void add_services(ByteSpan data, std::size_t width, Advert& advert) {
  for (; data.size() >= width; data = data.subspan(width)) {
    const auto uuid = Uuid::from_air(data.first(width));
    const auto& known = advert.services;
    if (std::find(known.begin(), known.end(), *uuid) == known.end()) {
      advert.services.push_back(*uuid);
    }
  }
  if (!data.empty()) advert.damaged = true;
}

void add_service_data(ByteSpan data, std::size_t width, Advert& advert) {
  if (data.size() < width) {
    advert.damaged = true;
    return;
  }
  const ByteSpan rest = data.subspan(width);
  advert.service_data.push_back(
      {*Uuid::from_air(data.first(width)), Bytes(rest.begin(), rest.end())});
}

void add_company(ByteSpan data, Advert& advert) {
  if (data.size() < 2) {
    advert.damaged = true;
    return;
  }
  advert.manufacturer_data.push_back({load_le16(data.data()), Bytes(data.begin() + 2, data.end())});
}

/// A whole name replaces a short one, never the other way round.
void set_name(ByteSpan data, bool is_short, Advert& advert) {
  if (!advert.name.empty() && is_short && !advert.name_is_short) return;
  advert.name = to_string(data);
  advert.name_is_short = is_short;
}

void add_structure(std::uint8_t type, ByteSpan data, Advert& advert) {
  switch (type) {
    case type_flags:
      if (!data.empty()) advert.flags = data[0];
      break;
    case type_some_16:
    case type_all_16: add_services(data, 2, advert); break;
    case type_some_32:
    case type_all_32: add_services(data, 4, advert); break;
    case type_some_128:
    case type_all_128: add_services(data, 16, advert); break;
    case type_short_name: set_name(data, true, advert); break;
    case type_whole_name: set_name(data, false, advert); break;
    case type_tx_power:
      if (!data.empty()) advert.tx_power_dbm = static_cast<std::int8_t>(data[0]);
      break;
    case type_appearance:
      if (data.size() >= 2) advert.appearance = load_le16(data.data());
      break;
    case type_data_16: add_service_data(data, 2, advert); break;
    case type_data_32: add_service_data(data, 4, advert); break;
    case type_data_128: add_service_data(data, 16, advert); break;
    case type_company: add_company(data, advert); break;
    default: break;  // nothing that is reported
  }
}

}  // namespace

std::string address_text(const DeviceAddress& address) {
  return fmt::format("{:02X}", fmt::join(address, ":"));
}

const Bytes* find_service_data(const Advert& advert, const Uuid& service) {
  for (const ServiceData& entry : advert.service_data) {
    if (entry.service == service) return &entry.data;
  }
  return nullptr;
}

const Bytes* find_service_data(const Advert& advert, std::uint32_t service) {
  return find_service_data(advert, Uuid::of(service));
}

const Bytes* find_manufacturer_data(const Advert& advert, std::uint16_t company) {
  for (const ManufacturerData& entry : advert.manufacturer_data) {
    if (entry.company == company) return &entry.data;
  }
  return nullptr;
}

bool offers(const Advert& advert, const Uuid& service) {
  return find_service_data(advert, service) != nullptr ||
         std::find(advert.services.begin(), advert.services.end(), service) !=
             advert.services.end();
}

void add_advertising_data(ByteSpan data, Advert& advert) {
  if (data.size() > max_data) {
    data = data.first(max_data);
    advert.damaged = true;
  }
  while (!data.empty()) {
    const std::size_t length = data[0];
    if (length == 0) return;  // the rest is padding
    if (length > data.size() - 1) {
      advert.damaged = true;
      return;
    }
    add_structure(data[1], data.subspan(2, length - 1), advert);
    data = data.subspan(1 + length);
  }
}

namespace {

/// Core Specification 5.4, volume 4, part E, 7.7.65.2: from -127 to 20, 127 when it is not known.
constexpr int max_rssi_dbm = 20;

}  // namespace

Advert to_advert(const net::ScannedAdvert& scanned) {
  Advert out;
  out.address = scanned.address;
  out.kind = scanned.random_address ? AddressKind::random_address : AddressKind::public_address;
  if (scanned.rssi_dbm && *scanned.rssi_dbm <= max_rssi_dbm) out.rssi_dbm = scanned.rssi_dbm;
  out.tx_power_dbm = scanned.tx_power_dbm;
  out.appearance = scanned.appearance;
  if (scanned.flags && !scanned.flags->empty()) out.flags = scanned.flags->front();
  out.name = scanned.name;
  out.connectable = scanned.connectable;
  for (const std::string& text : scanned.service_uuids) {
    if (const auto uuid = Uuid::parse(text)) out.services.push_back(*uuid);
  }
  for (const auto& [text, data] : scanned.service_data) {
    if (const auto uuid = Uuid::parse(text)) out.service_data.push_back({*uuid, data});
  }
  for (const auto& [company, data] : scanned.manufacturer_data)
    out.manufacturer_data.push_back({company, data});
  add_advertising_data(scanned.data, out);
  if (!scanned.complete) out.damaged = true;
  return out;
}

}  // namespace aiot::ble
