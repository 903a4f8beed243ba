#include "dbus/wifi.hpp"

#include <algorithm>
#include <cctype>

#include "dbus/message.hpp"
#include "net/clock.hpp"

namespace aiot::wifi {
namespace {

constexpr ErrorRow rows[] = {
    {Errc::no_daemon, "wifi.no_daemon", "nothing manages Wi-Fi here", Condition::resource},
    {Errc::no_adapter, "wifi.no_adapter", "no Wi-Fi interface", Condition::resource},
    {Errc::switched_off, "wifi.switched_off", "the Wi-Fi radio is switched off",
     Condition::resource},
    {Errc::no_permission, "wifi.permission", "this user may not use Wi-Fi", Condition::resource},
};
const ErrorTable table("wifi", rows);

bool says(const Error& error, Errc code) { return error.code == make_error_code(code); }

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), table}; }

unsigned channel_of(unsigned frequency_mhz) {
  if (frequency_mhz == 2484) return 14;
  if (frequency_mhz >= 2412 && frequency_mhz < 2484) return (frequency_mhz - 2407) / 5;
  if (frequency_mhz >= 5180 && frequency_mhz <= 5885) return (frequency_mhz - 5000) / 5;
  if (frequency_mhz >= 5955 && frequency_mhz <= 7115) return (frequency_mhz - 5950) / 5;
  return 0;
}

net::Task<std::unique_ptr<Manager>> Manager::find(dbus::Bus& bus, net::TimePoint deadline) {
  Error first;
  AIOT_CO_TRY(auto manager, co_await find_network_manager(bus, first, deadline));
  if (manager) co_return std::move(manager);
  Error second;
  AIOT_CO_TRY(manager, co_await find_supplicant(bus, second, deadline));
  if (manager) co_return std::move(manager);
  // What NetworkManager has to say is the better advice, unless it is not there at all.
  co_return says(first, Errc::no_daemon) ? std::move(second) : std::move(first);
}

}  // namespace aiot::wifi

// NetworkManager 1.42's D-Bus interface, as its reference manual describes it.
namespace aiot::wifi {
namespace {

using dbus::number_field;
using std::chrono::milliseconds;

constexpr const char* service = "org.freedesktop.NetworkManager";
constexpr const char* root = "/org/freedesktop/NetworkManager";
constexpr const char* device_interface = "org.freedesktop.NetworkManager.Device";
constexpr const char* wireless_interface = "org.freedesktop.NetworkManager.Device.Wireless";
constexpr const char* point_interface = "org.freedesktop.NetworkManager.AccessPoint";
constexpr std::int64_t wifi_device = 2;  // NM_DEVICE_TYPE_WIFI
/// How often it is asked whether the scan is done.
constexpr milliseconds ask_again{100};

struct Radio {
  std::string path;
  std::string interface;
};

AccessPoint point_of(const Object& fields) {
  AccessPoint out;
  if (const Bytes* ssid = dbus::bytes_field(fields, "Ssid")) out.ssid = *ssid;
  out.bssid = dbus::text_field(fields, "HwAddress");
  std::transform(out.bssid.begin(), out.bssid.end(), out.bssid.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (const auto strength = number_field(fields, "Strength"))
    out.signal_percent = static_cast<int>(*strength);
  out.frequency_mhz = static_cast<unsigned>(number_field(fields, "Frequency").value_or(0));
  for (const char* flags : {"Flags", "WpaFlags", "RsnFlags"})
    out.secured = out.secured || number_field(fields, flags).value_or(0) != 0;
  // LastSeen counts seconds since boot, as CLOCK_BOOTTIME does.
  if (const auto seen = number_field(fields, "LastSeen"); seen && *seen > 0) {
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    out.age = std::chrono::seconds(std::max<std::int64_t>(0, now.tv_sec - *seen));
  }
  return out;
}

class NetworkManager final : public Manager {
 public:
  NetworkManager(dbus::Bus& bus, std::vector<Radio> radios)
      : bus_(bus), radios_(std::move(radios)) {
    for (const Radio& radio : radios_) interfaces_.push_back(radio.interface);
  }

  std::string name() const override { return "NetworkManager"; }
  const std::vector<std::string>& interfaces() const override { return interfaces_; }

  net::Task<std::vector<AccessPoint>> list(net::TimePoint deadline) override {
    std::vector<AccessPoint> out;
    for (const Radio& radio : radios_) {
      dbus::Call call(service, radio.path, wireless_interface, "GetAllAccessPoints");
      AIOT_CO_TRY(const Array reply, co_await bus_.call(std::move(call), deadline));
      if (reply.empty() || reply.front().array() == nullptr) continue;
      for (const Value& path : *reply.front().array()) {
        if (path.string() == nullptr) continue;
        Array arguments{point_interface};
        dbus::Call get(service, *path.string(), "org.freedesktop.DBus.Properties", "GetAll", "s",
                       std::move(arguments));
        Result<Array> fields = co_await bus_.call(std::move(get), deadline);
        // A point that went away meanwhile has no object any more.
        if (!fields && fields.error().condition() != Condition::no_match)
          co_return std::move(fields).error();
        if (fields && !fields->empty() && fields->front().object() != nullptr)
          out.push_back(point_of(*fields->front().object()));
      }
    }
    co_return out;
  }

  net::Task<void> scan(net::TimePoint deadline) override {
    for (const Radio& radio : radios_) {
      AIOT_CO_TRY(const Value before, co_await last_scan(radio, deadline));
      Array options{Object()};
      dbus::Call call(service, radio.path, wireless_interface, "RequestScan", "a{sv}",
                      std::move(options));
      Result<Array> asked = co_await bus_.call(std::move(call), deadline);
      // Refused so soon after another: its list is as fresh as it gets.
      if (!asked) continue;
      while (true) {
        AIOT_CO_TRY(const Value now, co_await last_scan(radio, deadline));
        if (dbus::number_of(now) != dbus::number_of(before)) break;
        AIOT_CO_CHECK(co_await net::steady_clock().sleep_until(
            std::min(deadline, net::steady_clock().now() + ask_again)));
        if (net::steady_clock().now() >= deadline)
          co_return make_error(net::Errc::timed_out, "scanning");
      }
    }
    co_return Result<void>();
  }

 private:
  net::Task<Value> last_scan(const Radio& radio, net::TimePoint deadline) {
    co_return co_await bus_.get(service, radio.path, wireless_interface, "LastScan", deadline);
  }

  dbus::Bus& bus_;
  std::vector<Radio> radios_;
  std::vector<std::string> interfaces_;
};

}  // namespace

net::Task<std::unique_ptr<Manager>> find_network_manager(dbus::Bus& bus, Error& why,
                                                    net::TimePoint deadline) {
  std::unique_ptr<Manager> none;
  dbus::Call call(service, root, service, "GetDevices");
  Result<Array> devices = co_await bus.call(std::move(call), deadline);
  if (!devices) {
    const auto code = devices.error().code;
    if (code == dbus::make_error_code(dbus::Errc::no_service)) {
      why = make_error(Errc::no_daemon, "NetworkManager");
      co_return std::move(none);
    }
    if (code == dbus::make_error_code(dbus::Errc::denied)) {
      why = make_error(Errc::no_permission, std::move(devices.error().context),
                       "sit at this machine's console, or be root");
      co_return std::move(none);
    }
    co_return std::move(devices).error();
  }
  std::vector<Radio> radios;
  if (!devices->empty() && devices->front().array() != nullptr) {
    for (const Value& path : *devices->front().array()) {
      if (path.string() == nullptr) continue;
      const std::string device = *path.string();
      AIOT_CO_TRY(const Value type,
                  co_await bus.get(service, device, device_interface, "DeviceType", deadline));
      if (dbus::number_of(type) != wifi_device) continue;
      AIOT_CO_TRY(const Value name,
                  co_await bus.get(service, device, device_interface, "Interface", deadline));
      radios.push_back({device, name.string() == nullptr ? device : *name.string()});
    }
  }
  if (radios.empty()) {
    why = make_error(Errc::no_adapter, "NetworkManager", "nmcli device shows what is there");
    co_return std::move(none);
  }
  AIOT_CO_TRY(const Value enabled,
              co_await bus.get(service, root, service, "WirelessEnabled", deadline));
  const bool* on = std::get_if<bool>(&enabled.storage());
  if (on != nullptr && !*on) {
    why = make_error(Errc::switched_off, radios.front().interface,
                     "switch it on: nmcli radio wifi on; if that fails: rfkill unblock wifi");
    co_return std::move(none);
  }
  std::unique_ptr<Manager> manager = std::make_unique<NetworkManager>(bus, std::move(radios));
  co_return std::move(manager);
}

}  // namespace aiot::wifi

// wpa_supplicant 2.10's D-Bus interface, as its doc/dbus.doxygen describes it.
namespace aiot::wifi {
namespace {

using dbus::number_field;

constexpr const char* supplicant_service = "fi.w1.wpa_supplicant1";
constexpr const char* supplicant_root = "/fi/w1/wpa_supplicant1";
constexpr const char* interface_interface = "fi.w1.wpa_supplicant1.Interface";
constexpr const char* bss_interface = "fi.w1.wpa_supplicant1.BSS";

struct SupplicantRadio {
  std::string path;
  std::string interface;
};

AccessPoint bss_of(const Object& fields) {
  AccessPoint out;
  if (const Bytes* ssid = dbus::bytes_field(fields, "SSID")) out.ssid = *ssid;
  if (const Bytes* bssid = dbus::bytes_field(fields, "BSSID")) out.bssid = to_hex(*bssid, ":");
  if (const auto signal = number_field(fields, "Signal"))
    out.signal_dbm = static_cast<int>(*signal);
  out.frequency_mhz = static_cast<unsigned>(number_field(fields, "Frequency").value_or(0));
  out.secured = dbus::truth_field(fields, "Privacy");
  if (const auto age = number_field(fields, "Age")) out.age = std::chrono::seconds(*age);
  return out;
}

class Supplicant final : public Manager {
 public:
  Supplicant(dbus::Bus& bus, std::vector<SupplicantRadio> radios) : bus_(bus), radios_(std::move(radios)) {
    for (const SupplicantRadio& radio : radios_) interfaces_.push_back(radio.interface);
  }

  std::string name() const override { return "wpa_supplicant"; }
  const std::vector<std::string>& interfaces() const override { return interfaces_; }

  net::Task<std::vector<AccessPoint>> list(net::TimePoint deadline) override {
    std::vector<AccessPoint> out;
    for (const SupplicantRadio& radio : radios_) {
      AIOT_CO_TRY(const Value paths,
                  co_await bus_.get(supplicant_service, radio.path, interface_interface, "BSSs", deadline));
      if (paths.array() == nullptr) continue;
      for (const Value& path : *paths.array()) {
        if (path.string() == nullptr) continue;
        Array arguments{bss_interface};
        dbus::Call get(supplicant_service, *path.string(), "org.freedesktop.DBus.Properties", "GetAll", "s",
                       std::move(arguments));
        Result<Array> fields = co_await bus_.call(std::move(get), deadline);
        // A point that went away meanwhile has no object any more, or no properties.
        if (!fields && fields.error().condition() == Condition::cancelled)
          co_return std::move(fields).error();
        if (fields && !fields->empty() && fields->front().object() != nullptr)
          out.push_back(bss_of(*fields->front().object()));
      }
    }
    co_return out;
  }

  net::Task<void> scan(net::TimePoint deadline) override {
    for (const SupplicantRadio& radio : radios_) {
      AIOT_CO_CHECK(co_await scan_with(radio, deadline));
    }
    co_return Result<void>();
  }

 private:
  net::Task<void> scan_with(const SupplicantRadio& radio, net::TimePoint deadline) {
    struct Done {
      bool came = false;
      std::function<void()> wake;
    };
    auto done = std::make_shared<Done>();
    const std::string rule = "type='signal',sender='fi.w1.wpa_supplicant1',interface='" +
                             std::string(interface_interface) + "',member='ScanDone',path='" +
                             radio.path + "'";
    AIOT_CO_TRY(const auto subscription, bus_.subscribe(rule, [done](const dbus::Signal&) {
      done->came = true;
      if (const auto wake = std::exchange(done->wake, nullptr)) wake();
    }));
    Array options{Object{{"Type", "active"}}};
    dbus::Call call(supplicant_service, radio.path, interface_interface, "Scan", "a{sv}", std::move(options));
    Result<Array> asked = co_await bus_.call(std::move(call), deadline);
    // Refused while another scan runs (ScanError): that one ends with the same signal.
    if (!asked && asked.error().code != dbus::make_error_code(dbus::Errc::refused))
      co_return std::move(asked).error();
    if (done->came) co_return Result<void>();
    auto start = [done](auto handler) {
      auto held = std::make_shared<decltype(handler)>(std::move(handler));
      done->wake = [held] { (*held)(); };
    };
    auto stop = [done] { done->wake = nullptr; };
    auto waited = co_await net::by_deadline<>(deadline, start, stop);
    if (!waited) co_return std::move(waited).error().with("scanning");
    co_return Result<void>();
  }

  dbus::Bus& bus_;
  std::vector<SupplicantRadio> radios_;
  std::vector<std::string> interfaces_;
};

}  // namespace

net::Task<std::unique_ptr<Manager>> find_supplicant(dbus::Bus& bus, Error& why, net::TimePoint deadline) {
  std::unique_ptr<Manager> none;
  Result<Value> paths = co_await bus.get(supplicant_service, supplicant_root, supplicant_service, "Interfaces", deadline);
  if (!paths) {
    const auto code = paths.error().code;
    if (code == dbus::make_error_code(dbus::Errc::no_service)) {
      why = make_error(Errc::no_daemon, "neither NetworkManager nor wpa_supplicant",
                       "start one: systemctl start NetworkManager, or wpa_supplicant");
      co_return std::move(none);
    }
    if (code == dbus::make_error_code(dbus::Errc::denied)) {
      why = make_error(Errc::no_permission, std::move(paths.error().context),
                       "be in the group netdev, or be root");
      co_return std::move(none);
    }
    co_return std::move(paths).error();
  }
  std::vector<SupplicantRadio> radios;
  if (paths->array() != nullptr) {
    for (const Value& path : *paths->array()) {
      if (path.string() == nullptr) continue;
      const std::string object = *path.string();
      AIOT_CO_TRY(const Value name,
                  co_await bus.get(supplicant_service, object, interface_interface, "Ifname", deadline));
      radios.push_back({object, name.string() == nullptr ? object : *name.string()});
    }
  }
  if (radios.empty()) {
    why = make_error(Errc::no_adapter, "wpa_supplicant manages no interface",
                     "hand it one: wpa_cli interface_add wlan0; iw dev shows what is there");
    co_return std::move(none);
  }
  std::unique_ptr<Manager> manager = std::make_unique<Supplicant>(bus, std::move(radios));
  co_return std::move(manager);
}

}  // namespace aiot::wifi
