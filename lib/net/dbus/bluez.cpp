#include "net/dbus/bluez.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include "net/dbus/error.hpp"
#include "net/dbus/fields.hpp"

namespace aiot::net::bluez {
namespace {

using dbus::bytes_field;
using dbus::number_field;
using dbus::object_field;
using dbus::text_field;
using dbus::truth_field;

constexpr const char* object_manager = "org.freedesktop.DBus.ObjectManager";
constexpr const char* properties = "org.freedesktop.DBus.Properties";

/// More devices than any room holds: somebody floods the air with made-up addresses.
constexpr std::size_t max_devices = 10000;

constexpr int row(Errc e) { return static_cast<int>(e); }
constexpr std::array<ErrorRow, 6> rows = {{
    {row(Errc::no_daemon), "bluetooth.no_daemon", "bluetoothd does not run", Condition::resource},
    {row(Errc::no_adapter), "bluetooth.no_adapter", "no Bluetooth adapter", Condition::resource},
    {row(Errc::powered_off), "bluetooth.powered_off", "the Bluetooth adapter is switched off",
     Condition::resource},
    {row(Errc::no_permission), "bluetooth.permission", "this user may not use Bluetooth",
     Condition::resource},
    {row(Errc::no_device), "bluetooth.no_device", "no such Bluetooth device was heard",
     Condition::no_match, true},
    {row(Errc::no_attribute), "bluetooth.no_attribute", "the device has no such characteristic",
     Condition::no_match},
}};
const ErrorTable table("bluetooth", rows);

bool is(const Error& error, dbus::Errc code) { return error.code == make_error_code(code); }

Adapter adapter_of(const std::string& path, const Object& fields) {
  return {path, text_field(fields, "Address"), truth_field(fields, "Powered")};
}

Result<Adapter> choose(const std::vector<Adapter>& adapters, const std::string& name) {
  const auto wanted = [&](const Adapter& adapter) {
    return name.empty() || adapter.path == "/org/bluez/" + name;
  };
  const Adapter* first = nullptr;
  for (const Adapter& adapter : adapters) {
    if (!wanted(adapter)) continue;
    if (adapter.powered) return adapter;
    if (first == nullptr) first = &adapter;
  }
  if (first != nullptr) {
    return make_error(
        Errc::powered_off, first->path,
        "switch it on: bluetoothctl power on; if that fails: rfkill unblock bluetooth");
  }
  return make_error(Errc::no_adapter, name,
                    "plug one in; bluetoothctl list and rfkill list show what is there");
}

/// What is always told; data only when `fresh` has it.
Advert advert_of(const std::string& path, const Object& known, const Object& fresh) {
  Advert out;
  out.path = path;
  out.address = text_field(known, "Address");
  out.random_address = text_field(known, "AddressType") == "random";
  out.name = text_field(known, "Name");
  if (const auto rssi = number_field(known, "RSSI")) out.rssi_dbm = static_cast<int>(*rssi);
  if (const auto power = number_field(known, "TxPower"))
    out.tx_power_dbm = static_cast<int>(*power);
  if (const auto look = number_field(known, "Appearance"))
    out.appearance = static_cast<std::uint16_t>(*look);
  if (const Bytes* flags = bytes_field(known, "AdvertisingFlags")) out.flags = *flags;
  for (const Value& uuid : dbus::list_field(known, "UUIDs")) {
    if (uuid.string() != nullptr) out.service_uuids.push_back(*uuid.string());
  }
  out.paired = truth_field(known, "Paired");
  out.connected = truth_field(known, "Connected");
  for (const auto& [uuid, value] : object_field(fresh, "ServiceData").fields()) {
    if (const Bytes* data = std::get_if<Bytes>(&value.storage()))
      out.service_data.emplace_back(uuid, *data);
  }
  for (const auto& [company, value] : object_field(fresh, "ManufacturerData").fields()) {
    std::uint16_t number = 0;
    std::from_chars(company.data(), company.data() + company.size(), number);
    if (const Bytes* data = std::get_if<Bytes>(&value.storage()))
      out.manufacturer_data.emplace_back(number, *data);
  }
  return out;
}

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), table}; }

Error explain(Error error) {
  if (is(error, dbus::Errc::no_service)) {
    return make_error(Errc::no_daemon, std::move(error.context),
                      "install bluez, and start it: systemctl start bluetooth");
  }
  if (is(error, dbus::Errc::denied)) {
    return make_error(Errc::no_permission, std::move(error.context),
                      "sit at this machine's console, be in the group bluetooth, or be root");
  }
  if (is(error, dbus::Errc::not_ready)) {
    return make_error(
        Errc::powered_off, std::move(error.context),
        "switch it on: bluetoothctl power on; if that fails: rfkill unblock bluetooth");
  }
  return error;
}

Task<Object> managed_objects(dbus::Bus& bus, TimePoint deadline) {
  dbus::Call call(service, "/", object_manager, "GetManagedObjects");
  Result<Array> reply = co_await bus.call(std::move(call), deadline);
  if (!reply) co_return explain(std::move(reply).error());
  if (reply->empty() || reply->front().object() == nullptr)
    co_return make_error(dbus::Errc::bad_message, "BlueZ's objects");
  co_return *reply->front().object();
}

Task<std::vector<Adapter>> list_adapters(dbus::Bus& bus, TimePoint deadline) {
  AIOT_CO_TRY(const Object objects, co_await managed_objects(bus, deadline));
  std::vector<Adapter> out;
  for (const auto& [path, value] : objects.fields()) {
    const Object* interfaces = value.object();
    if (interfaces == nullptr || interfaces->find(adapter_interface) == nullptr) continue;
    out.push_back(adapter_of(path, object_field(*interfaces, adapter_interface)));
  }
  std::sort(out.begin(), out.end(),
            [](const Adapter& a, const Adapter& b) { return a.path < b.path; });
  co_return out;
}

/// Puts together what BlueZ tells of each device in pieces.
struct Scan::Ear {
  Handler handler;
  std::map<std::string, Object> devices;

  void remember(const Object& objects) {
    for (const auto& [path, value] : objects.fields()) {
      if (value.object() == nullptr) continue;
      const Object& device = object_field(*value.object(), device_interface);
      if (!device.empty()) devices[path] = device;
    }
  }

  void on_signal(const dbus::Signal& signal) {
    if (signal.member == "InterfacesAdded") return on_added(signal.arguments);
    if (signal.member == "InterfacesRemoved") return on_removed(signal.arguments);
    if (signal.member == "PropertiesChanged") on_changed(signal.path, signal.arguments);
  }

  void on_added(const Array& arguments) {
    if (arguments.size() < 2 || arguments[0].string() == nullptr) return;
    if (arguments[1].object() == nullptr) return;
    const Object& device = object_field(*arguments[1].object(), device_interface);
    if (device.empty()) return;
    if (devices.size() >= max_devices) devices.clear();
    const std::string& path = *arguments[0].string();
    devices[path] = device;
    handler(advert_of(path, device, device));
  }

  void on_removed(const Array& arguments) {
    if (!arguments.empty() && arguments[0].string() != nullptr)
      devices.erase(*arguments[0].string());
  }

  void on_changed(const std::string& path, const Array& arguments) {
    if (arguments.size() < 2 || arguments[0].string() == nullptr) return;
    if (*arguments[0].string() != device_interface || arguments[1].object() == nullptr) return;
    const auto known = devices.find(path);
    if (known == devices.end()) return;
    const Object& changed = *arguments[1].object();
    for (const auto& [name, value] : changed.fields()) known->second.set(name, value);
    constexpr std::array<std::string_view, 6> heard = {
        "RSSI", "ManufacturerData", "ServiceData", "UUIDs", "Name", "AdvertisingFlags"};
    const bool from_air = std::any_of(heard.begin(), heard.end(), [&](std::string_view name) {
      return changed.find(name) != nullptr;
    });
    if (from_air) handler(advert_of(path, known->second, changed));
  }
};

Scan::Scan(dbus::Bus& bus, Adapter adapter, std::shared_ptr<Ear> ear)
    : bus_(&bus), adapter_(std::move(adapter)), ear_(std::move(ear)) {}

Task<Scan> Scan::start(dbus::Bus& bus, std::string adapter, Handler handler, TimePoint deadline) {
  AIOT_CO_TRY(const std::vector<Adapter> adapters, co_await list_adapters(bus, deadline));
  AIOT_CO_TRY(Adapter chosen, choose(adapters, adapter));
  auto ear = std::make_shared<Ear>();
  ear->handler = std::move(handler);
  const std::string path = chosen.path;
  Scan scan(bus, std::move(chosen), ear);
  const std::string from_bluez = "type='signal',sender='org.bluez',";
  const std::array<std::string, 2> rules = {
      from_bluez + fmt::format("interface='{}',arg0path='{}/'", object_manager, path),
      from_bluez + fmt::format("interface='{}',path_namespace='{}',arg0='{}'", properties, path,
                               device_interface)};
  for (const std::string& rule : rules) {
    AIOT_CO_TRY(auto subscription,
                bus.subscribe(rule, [ear](const dbus::Signal& signal) { ear->on_signal(signal); }));
    scan.subscriptions_.push_back(std::move(subscription));
  }
  AIOT_CO_TRY(const Object objects, co_await managed_objects(bus, deadline));
  ear->remember(objects);
  Array filter{Object{{"Transport", "le"}, {"DuplicateData", true}}};
  dbus::Call set_filter(service, path, adapter_interface, "SetDiscoveryFilter", "a{sv}",
                        std::move(filter));
  Result<Array> filtered = co_await bus.call(std::move(set_filter), deadline);
  if (!filtered) co_return explain(std::move(filtered).error());
  dbus::Call discover(service, path, adapter_interface, "StartDiscovery");
  Result<Array> started = co_await bus.call(std::move(discover), deadline);
  if (!started && !is(started.error(), dbus::Errc::in_progress))
    co_return explain(std::move(started).error());
  co_return std::move(scan);
}

Task<void> Scan::stop(TimePoint deadline) {
  subscriptions_.clear();
  dbus::Call call(service, adapter_.path, adapter_interface, "StopDiscovery");
  Result<Array> stopped = co_await bus_->call(std::move(call), deadline);
  if (!stopped) co_return std::move(stopped).error();
  co_return Result<void>();
}

}  // namespace aiot::net::bluez
