#include <algorithm>
#include <cctype>

#include "net/dbus/error.hpp"
#include "net/dbus/fields.hpp"
#include "net/dbus/wifi.hpp"

// NetworkManager 1.42's D-Bus interface, as its reference manual describes it.
namespace aiot::net::wifi {
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

  Task<std::vector<AccessPoint>> list(TimePoint deadline) override {
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

  Task<void> scan(TimePoint deadline) override {
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
        AIOT_CO_CHECK(co_await steady_clock().sleep_until(
            std::min(deadline, steady_clock().now() + ask_again)));
        if (steady_clock().now() >= deadline)
          co_return make_error(net::Errc::timed_out, "scanning");
      }
    }
    co_return Result<void>();
  }

 private:
  Task<Value> last_scan(const Radio& radio, TimePoint deadline) {
    co_return co_await bus_.get(service, radio.path, wireless_interface, "LastScan", deadline);
  }

  dbus::Bus& bus_;
  std::vector<Radio> radios_;
  std::vector<std::string> interfaces_;
};

}  // namespace

Task<std::unique_ptr<Manager>> find_network_manager(dbus::Bus& bus, Error& why,
                                                    TimePoint deadline) {
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

}  // namespace aiot::net::wifi
