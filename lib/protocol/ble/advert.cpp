#include "protocol/ble/advert.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace aiot::ble {
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
    default: break;  // says nothing that is told on
  }
}

}  // namespace

std::string address_text(const DeviceAddress& address) {
  return fmt::format("{:02X}", fmt::join(address, ":"));
}

std::optional<DeviceAddress> parse_device_address(std::string_view text) {
  std::string digits;
  if (text.size() == 17) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      const bool separator = i % 3 == 2;
      if (separator != (text[i] == ':' || text[i] == '-')) return std::nullopt;
      if (!separator) digits += text[i];
    }
  } else {
    digits = text;
  }
  const std::optional<Bytes> bytes = from_hex(digits);
  DeviceAddress out{};
  if (digits.size() != 12 || !bytes || bytes->size() != out.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), out.begin());
  return out;
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

}  // namespace aiot::ble
