#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aiot/bytes.hpp"
#include "aiot/error.hpp"
#include "aiot/result.hpp"
#include "core/mac.hpp"
#include "net/scanned_advert.hpp"

namespace aiot::ble {

/// What can be wrong with what an advert says.
enum class Errc {
  truncated = 1,  ///< it ends before what its header promises
  bad_format,     ///< not of the format that its service or company says
  bad_version,    ///< a version of the format that is not known
  wrong_key,      ///< the tag does not fit the key
};
boost::system::error_code make_error_code(Errc e) noexcept;

}  // namespace aiot::ble

template <>
struct boost::system::is_error_code_enum<aiot::ble::Errc> : std::true_type {};

namespace aiot::ble {

/// A Bluetooth UUID. 16-bit and 32-bit ones are short for 128-bit ones on the Bluetooth base
/// (Core Specification 5.4, volume 3, part B, section 2.5.1), so all are kept in that form.
struct Uuid {
  std::array<std::uint8_t, 16> bytes{};  ///< in the order they are written

  /// The UUID of a 16-bit or 32-bit number.
  static Uuid of(std::uint32_t number);
  /// From 2, 4 or 16 bytes in the order of the air (little-endian); nullopt for another length.
  static std::optional<Uuid> from_air(ByteSpan bytes);
  /// "fe95", "0000fe95" or "0000fe95-0000-1000-8000-00805f9b34fb", in either case.
  static std::optional<Uuid> parse(std::string_view text);

  /// The 16-bit or 32-bit number, when it lies on the Bluetooth base.
  std::optional<std::uint32_t> number() const;
  /// "fe95", "12345678" or "00467768-6228-2272-4663-277478268000".
  std::string str() const;

  friend bool operator==(const Uuid&, const Uuid&) = default;
};

/// Who was given a company identifier (Assigned Numbers, section 7); "" for those that no table of
/// things at home needs. An identifier need not be its sender's own: any beacon may send an
/// iBeacon as Apple's.
std::string_view company_name(std::uint16_t company);

using DeviceAddress = Mac;
/// "AA:BB:CC:DD:EE:FF"
std::string address_text(const DeviceAddress& address);

/// Only a public address is the device's for good; others may change every quarter of an hour.
enum class AddressKind { public_address, random_address };

struct ServiceData {
  Uuid service;
  Bytes data;
};
struct ManufacturerData {
  std::uint16_t company = 0;  ///< Bluetooth company identifier
  Bytes data;                 ///< what follows it
};

/// What one device says unasked, over the air, from BlueZ or from a capture. What comes twice is
/// kept twice, in the order heard. All of it is as the device said it: hostile.
struct Advert {
  DeviceAddress address{};
  AddressKind kind = AddressKind::random_address;
  std::optional<int> rssi_dbm;      ///< -127 to 20
  std::optional<int> tx_power_dbm;  ///< -127 to 127, as the device claims it
  std::optional<std::uint8_t> flags;
  std::optional<std::uint16_t> appearance;
  std::string name;
  bool name_is_short = false;  ///< the name is the beginning of a longer one
  bool connectable = true;
  bool damaged = false;  ///< its data broke off inside a structure; what came before it is here
  std::vector<Uuid> services;
  std::vector<ServiceData> service_data;
  std::vector<ManufacturerData> manufacturer_data;
};

/// The first data said for a service or by a company; nullptr when there is none.
const Bytes* find_service_data(const Advert& advert, std::uint32_t service);
const Bytes* find_service_data(const Advert& advert, const Uuid& service);
const Bytes* find_manufacturer_data(const Advert& advert, std::uint16_t company);
/// True when `service` is among the UUIDs, or there is data for it.
bool offers(const Advert& advert, const Uuid& service);

/// Adds what advertising or scan response data says: AD structures as the Core Specification 5.4
/// lays them out (volume 3, part C, section 11; types in the Supplement, part A). Data longer than
/// 1650 bytes, the most an extended advertisement carries, is cut there and marked as damaged.
void add_advertising_data(ByteSpan data, Advert& advert);

/// What a daemon, a controller or a sniffer reports, with its AD structures taken apart.
Advert to_advert(const net::ScannedAdvert& scanned);

}  // namespace aiot::ble
