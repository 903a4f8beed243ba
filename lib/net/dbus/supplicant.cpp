#include <algorithm>

#include "net/dbus/error.hpp"
#include "net/dbus/fields.hpp"
#include "net/dbus/wifi.hpp"
#include "net/deadline.hpp"

// wpa_supplicant 2.10's D-Bus interface, as its doc/dbus.doxygen describes it.
namespace aiot::net::wifi {
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

  Task<std::vector<AccessPoint>> list(TimePoint deadline) override {
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

  Task<void> scan(TimePoint deadline) override {
    for (const SupplicantRadio& radio : radios_) {
      AIOT_CO_CHECK(co_await scan_with(radio, deadline));
    }
    co_return Result<void>();
  }

 private:
  Task<void> scan_with(const SupplicantRadio& radio, TimePoint deadline) {
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
    auto waited = co_await by_deadline<>(deadline, start, stop);
    if (!waited) co_return std::move(waited).error().with("scanning");
    co_return Result<void>();
  }

  dbus::Bus& bus_;
  std::vector<SupplicantRadio> radios_;
  std::vector<std::string> interfaces_;
};

}  // namespace

Task<std::unique_ptr<Manager>> find_supplicant(dbus::Bus& bus, Error& why, TimePoint deadline) {
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

}  // namespace aiot::net::wifi
