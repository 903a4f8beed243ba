#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "aiot/bytes.hpp"
#include "protocol/ble/uuid.hpp"

namespace aiot::ble {

/// A device address as it is written: the most significant byte first.
using DeviceAddress = std::array<std::uint8_t, 6>;
/// "AA:BB:CC:DD:EE:FF"
std::string address_text(const DeviceAddress& address);
/// Twelve hex digits, with or without colons or hyphens between the bytes, in either case.
std::optional<DeviceAddress> parse_device_address(std::string_view text);

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

/// What one device says unasked, from the air, from BlueZ or from a capture. What is said twice is
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

}  // namespace aiot::ble
