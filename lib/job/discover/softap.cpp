#include "job/discover/softap.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace aiot::discover {
namespace {

constexpr std::string_view new_device = "unprovisioned";

// Sources, by the letter that ends a line:
//   B  mjg59/python-broadlink, README: "Setup"
//   E  espressif/esp-idf, examples/provisioning (wifi_prov_mgr: "PROV_" and three bytes of the MAC)
//   H  esphome/esphome, the wizard's configuration: "NAME Fallback Hotspot"
//   K  tinkerator/tplinky, README: a plug after a factory reset is "TP-LINK_Smart Plug_XXXX"
//   L  aliyun/iotkit-embedded, awss_dev_ap.c: adh_PRODUCTKEY_MAC
//   M  tasmota.github.io, "Getting started: initial configuration": tasmota_XXXXXX-1234; arendst's
//      wiki of an earlier time: tasmota-1234
//   S  devilmonastery's set-up script for Shelly H&T: "shellyht-" and three bytes of the MAC
//   T  developer.tuya.com, "AP pairing": "SmartLife-xxxx"; tuya_iot_wifi_api.h: "SmartLife_xxxx"
//   W  Aircoookie/WLED, wled.cpp: the access point without a name
//   X  aholstenson/miio, docs/management.md: "zhimi-airpurifier-m1_miapdf91"
constexpr std::array<SoftApName, 12> names = {{
    {"PROV_", "", "Espressif", "ESP unified provisioning", new_device, 0.8},           // E
    {"adh_", "_", "Alibaba Tmall Genie", "Alibaba Link Kit device", new_device, 0.9},  // L
    {"SmartLife-", "", "Tuya", "Tuya device", new_device, 0.8},                        // T
    {"SmartLife_", "", "Tuya", "Tuya device", new_device, 0.8},                        // T
    {"", "_miap", "Xiaomi Mi Home", "Mi Home device", new_device, 0.9},                // X
    {"shelly", "-", "Shelly", "Shelly device", "", 0.8},                               // S
    {"tasmota-", "", "Tasmota", "Tasmota device", new_device, 0.9},                    // M
    {"tasmota_", "-", "Tasmota", "Tasmota device", new_device, 0.9},                   // M
    {"", " Fallback Hotspot", "ESPHome", "ESPHome device", "", 0.8},                   // H
    {"WLED-AP", "", "WLED", "WLED light", new_device, 0.9},                            // W
    {"BroadlinkProv", "", "Broadlink", "Broadlink device", new_device, 0.9},           // B
    {"TP-LINK_Smart", "_", "TP-Link Kasa", "Kasa device", new_device, 0.8},            // K
}};

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

/// Something stands for each part that the maker leaves open: "PROV_" alone is nobody's name.
bool fits(const SoftApName& name, std::string_view ssid) {
  const std::string text = lower(ssid);
  if (!text.starts_with(lower(name.prefix))) return false;
  if (name.inside.empty()) {
    return text.size() > name.prefix.size() || name.prefix == "WLED-AP" ||
           name.prefix == "BroadlinkProv";
  }
  return text.find(lower(name.inside), name.prefix.size() + 1) != std::string::npos;
}

}  // namespace

std::span<const SoftApName> soft_ap_names() { return names; }

std::optional<Observation> observe_soft_ap(const net::wifi::AccessPoint& point) {
  const std::string ssid(point.ssid.begin(), point.ssid.end());
  const auto* name =
      std::find_if(names.begin(), names.end(), [&](const SoftApName& n) { return fits(n, ssid); });
  if (name == names.end()) return std::nullopt;
  Observation out;
  out.source = "wifi";
  out.identities.push_back({IdentityKind::mac, point.bssid});
  out.facts.push_back({"name", ssid, 0.6});
  out.facts.push_back({"product", name->product, name->confidence / 2});
  out.facts.push_back({"mac", point.bssid, 1});
  if (!name->ecosystem.empty())
    out.facts.push_back({"ecosystem", name->ecosystem, name->confidence});
  if (!name->state.empty()) out.facts.push_back({"state", name->state, name->confidence});
  if (point.signal_dbm) out.facts.push_back({"rssi_dbm", *point.signal_dbm, 1});
  if (point.signal_percent) out.facts.push_back({"wifi.signal_percent", *point.signal_percent, 1});
  out.facts.push_back({"wifi.ssid", ssid, 1});
  out.facts.push_back({"wifi.frequency_mhz", point.frequency_mhz, 1});
  out.facts.push_back({"wifi.channel", net::wifi::channel_of(point.frequency_mhz), 1});
  out.facts.push_back({"wifi.secured", point.secured, 1});
  out.jobs.emplace_back("pair");
  return out;
}

}  // namespace aiot::discover
