#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/ble/advert.hpp"
#include "protocol/ble/sensor.hpp"

namespace aiot::ble::beacon {

inline constexpr std::uint16_t apple_company = 0x004C;
inline constexpr std::uint16_t alibaba_company = 0x01A8;

/// What one format says of the device that sent it.
struct Finding {
  std::string_view format;          ///< "ibeacon"
  std::string_view ecosystem = {};  ///< "Matter"; "" when the format belongs to none
  std::string_view vendor = {};     ///< "Govee"; "" when anyone uses the format
  std::string model = {};           ///< "H5075"; "" when it is not evident
  /// "unprovisioned", "provisioned", "secured"; "" when the format does not say.
  std::string_view state = {};
  std::string_view job = {};                  ///< "pair": what the device waits for
  std::string hardware_id = {};               ///< the format's own id of this one device
  std::optional<DeviceAddress> address = {};  ///< the device's real one, when the data names it
  std::vector<Reading> readings = {};
  // Of Matter:
  std::optional<std::uint16_t> discriminator = {};
  std::optional<std::uint16_t> vendor_id = {};
  std::optional<std::uint16_t> product_id = {};
};

// Each looks for its format in an advert; nullopt when it is not there or not whole.

/// Company 01A8: Tmall Genie's GATT and beacon adverts (help.aliyun.com, documents 173315, 173318),
/// and service FEB3.
std::optional<Finding> find_alibaba(const Advert& advert);
/// Service FE03: nothing but the maker is public.
std::optional<Finding> find_amazon(const Advert& advert);
/// Service FDC2: nothing but the maker is public.
std::optional<Finding> find_baidu(const Advert& advert);
/// Service FEAA: UID, URL, TLM, EID (github.com/google/eddystone).
std::optional<Finding> find_eddystone(const Advert& advert);
/// ESP-IDF's unified provisioning: its service, or a name that begins with PROV_.
std::optional<Finding> find_esp_provisioning(const Advert& advert);
/// Service FE2C (developers.google.com/nearby/fast-pair).
std::optional<Finding> find_fast_pair(const Advert& advert);
/// Company 004C, type 06 (HomeKit Accessory Protocol, release R2, section 7.4.2.1.2).
std::optional<Finding> find_homekit(const Advert& advert);
/// Company EC88, and 8801 or 0001 with a name or a service of theirs: thermometers.
std::optional<Finding> find_govee(const Advert& advert);
/// Company 027D and service FE35: nothing but the maker is public.
std::optional<Finding> find_huawei(const Advert& advert);
/// Company 004C, type 02 (Proximity Beacon Specification, release R1).
std::optional<Finding> find_ibeacon(const Advert& advert);
/// Service 00467768-… with service data 4677 (improv-wifi.com/ble).
std::optional<Finding> find_improv(const Advert& advert);
/// Names "sps" and "tps", and company 0000 with the sender's own address: thermometers.
std::optional<Finding> find_inkbird(const Advert& advert);
/// Service FFF6 (Matter Core Specification 1.2, section 5.4.2.5.6).
std::optional<Finding> find_matter(const Advert& advert);
/// Service 1827, a mesh device that is not provisioned (Mesh Profile 1.0.1, section 7.1.2.2); Tmall
/// Genie's device UUIDs are taken apart.
std::optional<Finding> find_mesh_provisioning(const Advert& advert);
/// Services 181D and 181B with the data of Xiaomi's scales
/// (github.com/custom-components/ble_monitor, Bluetooth-Devices/xiaomi-ble). Other scales with
/// these services send data of other lengths.
std::optional<Finding> find_mi_scale(const Advert& advert);
/// Company 0059 with the end of the sender's address: levels of propane tanks.
std::optional<Finding> find_mopeka(const Advert& advert);
/// Company 00DC: toothbrushes.
std::optional<Finding> find_oral_b(const Advert& advert);
/// Company 0499, data formats 3 and 5 (docs.ruuvi.com); others by name.
std::optional<Finding> find_ruuvi(const Advert& advert);
/// Services 000D and FD3D, company 0969: meters, and others by name.
std::optional<Finding> find_switchbot(const Advert& advert);
/// Company 0006, type 03 (learn.microsoft.com, Bluetooth Swift Pair).
std::optional<Finding> find_swift_pair(const Advert& advert);
/// Service FD50 and company 07D0.
std::optional<Finding> find_tuya(const Advert& advert);

/// What all of them find, in the order above.
std::vector<Finding> find_all(const Advert& advert);

}  // namespace aiot::ble::beacon
