#include "job/discover/wifi.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/this_coro.hpp>
#include <cctype>
#include <set>

#include "job/discover/bus_status.hpp"

namespace aiot::discover {
namespace {

constexpr bool new_device = true;  ///< such a network is there only while the device waits

struct WifiDetails {
  std::optional<int> signal_percent;
  std::string ssid;
  unsigned frequency_mhz = 0;
  unsigned channel = 0;
  bool secured = false;
};
void describe(FieldVisitor& v, WifiDetails& details) {
  v("signal_percent", details.signal_percent, "");
  v.text("ssid", details.ssid, "");
  v("frequency_mhz", details.frequency_mhz, "");
  v("channel", details.channel, "");
  v("secured", details.secured, "");
}

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
    {"shelly", "-", "Shelly", "Shelly device", false, 0.8},                               // S
    {"tasmota-", "", "Tasmota", "Tasmota device", new_device, 0.9},                    // M
    {"tasmota_", "-", "Tasmota", "Tasmota device", new_device, 0.9},                   // M
    {"", " Fallback Hotspot", "ESPHome", "ESPHome device", false, 0.8},                   // H
    {"WLED-AP", "", "WLED", "WLED light", new_device, 0.9},                            // W
    {"BroadlinkProv", "", "Broadlink", "Broadlink device", new_device, 0.9},           // B
    {"TP-LINK_Smart", "_", "TP-Link Kasa", "Kasa device", new_device, 0.8},            // K
}};

std::string lower_name(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

/// Something stands for each part that the maker leaves open: "PROV_" alone is nobody's name.
bool fits(const SoftApName& name, std::string_view ssid) {
  const std::string text = lower_name(ssid);
  if (!text.starts_with(lower_name(name.prefix))) return false;
  if (name.inside.empty()) {
    return text.size() > name.prefix.size() || name.prefix == "WLED-AP" ||
           name.prefix == "BroadlinkProv";
  }
  return text.find(lower_name(name.inside), name.prefix.size() + 1) != std::string::npos;
}

}  // namespace

std::span<const SoftApName> soft_ap_names() { return names; }

std::optional<Observation> observe_soft_ap(const wifi::AccessPoint& point) {
  const std::string ssid(point.ssid.begin(), point.ssid.end());
  const auto* name =
      std::find_if(names.begin(), names.end(), [&](const SoftApName& n) { return fits(n, ssid); });
  if (name == names.end()) return std::nullopt;
  Observation out;
  out.source = "wifi";
  out.identities.push_back({IdentityKind::mac, point.bssid});
  claim(out.name, ssid, 0.6);
  claim(out.product, name->product, name->confidence / 2);
  out.macs.push_back(point.bssid);
  if (!name->ecosystem.empty()) {
    claim(out.ecosystem, name->ecosystem, name->confidence, "by the name of its Wi-Fi network");
  }
  if (name->unprovisioned) claim(out.state, DeviceState::unprovisioned, name->confidence);
  out.rssi_dbm = point.signal_dbm;
  add_details(out, out.source,
              WifiDetails{point.signal_percent, ssid, point.frequency_mhz,
                          wifi::channel_of(point.frequency_mhz), point.secured});
  out.jobs.emplace_back("pair");
  return out;
}

namespace {

/// NetworkManager and wpa_supplicant answer in milliseconds.
constexpr std::chrono::seconds manager_time{10};
/// What was received longer ago may have gone.
constexpr std::chrono::seconds fresh_time{20};
/// Between two scans: each takes the radio away from its network for a moment.
constexpr std::chrono::seconds scan_pause{10};

class WifiSource final : public Source {
 public:
  explicit WifiSource(std::string bus_address) : bus_address_(std::move(bus_address)) {}

  SourceInfo info() const override {
    return {"wifi",
            "Wi-Fi networks of devices that wait to be set up, through NetworkManager or "
            "wpa_supplicant"};
  }

  net::Task<SourceStatus> run(SourceContext& context) override {
    Result<dbus::Bus> bus =
        dbus::Bus::open(co_await net::asio::this_coro::executor, bus_address_);
    if (!bus) co_return status_of(bus.error());
    using wifi::Manager;
    Result<std::unique_ptr<Manager>> manager =
        co_await Manager::find(*bus, context.clock.now() + manager_time);
    if (!manager) co_return status_of(manager.error());
    SourceStatus status;
    while (true) {
      // What is known already comes first: a scan may take longer than the search.
      Result<void> looked = co_await look(context, **manager);
      if (looked) looked = co_await (*manager)->scan(context.deadline);
      if (looked) looked = co_await look(context, **manager);
      if (looked) looked = co_await wait(context);
      if (looked && context.clock.now() < context.deadline) continue;
      const bool over = looked || looked.error().condition() == Condition::timeout ||
                        looked.error().condition() == Condition::cancelled;
      if (!over) status = status_of(looked.error());
      break;
    }
    if (status.state == SourceState::ran) status.detail = detail(**manager);
    co_return status;
  }

 private:
  net::Task<void> look(SourceContext& context, wifi::Manager& manager) {
    AIOT_CO_TRY(const auto points, co_await manager.list(context.deadline));
    for (const wifi::AccessPoint& point : points) {
      if (point.age && *point.age > fresh_time) continue;
      seen_.insert(point.bssid);
      if (auto seen = observe_soft_ap(point)) context.report(*std::move(seen));
    }
    co_return Result<void>();
  }

  /// Until the next scan is due, or the search is over.
  static net::Task<void> wait(SourceContext& context) {
    const net::TimePoint next = context.clock.now() + scan_pause;
    co_return co_await context.clock.sleep_until(std::min(next, context.deadline));
  }

  std::string detail(const wifi::Manager& manager) const {
    return fmt::format("{} access points on {} ({})", seen_.size(),
                       fmt::join(manager.interfaces(), ", "), manager.name());
  }

  std::string bus_address_;
  std::set<std::string> seen_;
};

}  // namespace

std::unique_ptr<Source> make_wifi_source(std::string bus_address) {
  return std::make_unique<WifiSource>(std::move(bus_address));
}

Protocol wifi_protocol() { return {[] { return make_wifi_source({}); }}; }

}  // namespace aiot::discover
