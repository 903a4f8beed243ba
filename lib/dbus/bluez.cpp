#include "dbus/bluez.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <fmt/format.h>
#include <map>
#include <utility>

#include "dbus/message.hpp"
#include "net/clock.hpp"

namespace aiot::bluez {
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

net::Task<Object> managed_objects(dbus::Bus& bus, net::TimePoint deadline) {
  dbus::Call call(service, "/", object_manager, "GetManagedObjects");
  Result<Array> reply = co_await bus.call(std::move(call), deadline);
  if (!reply) co_return explain(std::move(reply).error());
  if (reply->empty() || reply->front().object() == nullptr)
    co_return make_error(dbus::Errc::bad_message, "BlueZ's objects");
  co_return *reply->front().object();
}

net::Task<std::vector<Adapter>> list_adapters(dbus::Bus& bus, net::TimePoint deadline) {
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

net::Task<Scan> Scan::start(dbus::Bus& bus, std::string adapter, Handler handler, net::TimePoint deadline) {
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

net::Task<void> Scan::stop(net::TimePoint deadline) {
  subscriptions_.clear();
  dbus::Call call(service, adapter_.path, adapter_interface, "StopDiscovery");
  Result<Array> stopped = co_await bus_->call(std::move(call), deadline);
  if (!stopped) co_return std::move(stopped).error();
  co_return Result<void>();
}

namespace {

/// Of the many things BlueZ says in a busy room, those about a controller itself.
bool is_about_an_adapter(const dbus::Signal& signal) {
  const Array& arguments = signal.arguments;
  if (arguments.size() < 2) return false;
  if (signal.member == "InterfacesAdded") {
    const Object* interfaces = arguments[1].object();
    return interfaces != nullptr && interfaces->find(adapter_interface) != nullptr;
  }
  if (signal.member == "InterfacesRemoved") {
    const Array* interfaces = arguments[1].array();
    return interfaces != nullptr && std::find(interfaces->begin(), interfaces->end(),
                                              Value(adapter_interface)) != interfaces->end();
  }
  const Object* changed = arguments[1].object();
  return changed != nullptr && changed->find("Powered") != nullptr;
}

}  // namespace

struct Watch::Bell {
  bool rung = false;
  std::function<void()> waiter;

  void ring() {
    if (const auto waits = std::exchange(waiter, nullptr)) {
      waits();
    } else {
      rung = true;
    }
  }
};

Result<Watch> Watch::start(dbus::Bus& bus) {
  Watch watch(std::make_shared<Bell>());
  const auto ring = [bell = watch.bell_](const dbus::Signal&) { bell->ring(); };
  const auto ring_for_adapters = [bell = watch.bell_](const dbus::Signal& signal) {
    if (is_about_an_adapter(signal)) bell->ring();
  };
  using Handler = std::function<void(const dbus::Signal&)>;
  const std::array<std::pair<const char*, Handler>, 3> rules = {{
      {"type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',"
       "member='NameOwnerChanged',arg0='org.bluez'",
       ring},
      {"type='signal',sender='org.bluez',interface='org.freedesktop.DBus.ObjectManager'",
       ring_for_adapters},
      {"type='signal',sender='org.bluez',interface='org.freedesktop.DBus.Properties',"
       "arg0='org.bluez.Adapter1'",
       ring_for_adapters},
  }};
  for (const auto& [rule, handler] : rules) {
    AIOT_TRY(auto subscription, bus.subscribe(rule, handler));
    watch.subscriptions_.push_back(std::move(subscription));
  }
  return watch;
}

net::Task<void> Watch::next(net::TimePoint deadline) {
  if (std::exchange(bell_->rung, false)) co_return Result<void>();
  const std::shared_ptr<Bell> bell = bell_;
  const auto wait = [bell](auto handler) { bell->waiter = std::move(handler); };
  const auto stop = [bell] { bell->waiter = nullptr; };
  auto rung = co_await net::by_deadline<>(deadline, wait, stop);
  if (!rung) co_return std::move(rung).error();
  co_return Result<void>();
}

namespace {

constexpr const char* characteristic_interface = "org.bluez.GattCharacteristic1";
/// Bluetooth Core Specification 5.4, volume 3, part B, 2.5.1.
constexpr std::string_view base_uuid = "-0000-1000-8000-00805f9b34fb";

bool same_address(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::toupper(x) == std::toupper(y);
  });
}

/// The device's object among those that BlueZ knows, "" when it does not.
std::string known_device(const Object& objects, const std::string& address) {
  for (const auto& [path, value] : objects.fields()) {
    if (value.object() == nullptr) continue;
    const Object& device = dbus::object_field(*value.object(), device_interface);
    if (same_address(dbus::text_field(device, "Address"), address)) return path;
  }
  return {};
}

}  // namespace

std::string full_uuid(std::string_view text) {
  if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (out.size() == 4) return "0000" + out + std::string(base_uuid);
  if (out.size() == 8) return out + std::string(base_uuid);
  return out;
}

std::string short_uuid(const std::string& uuid) {
  if (!uuid.ends_with(base_uuid)) return uuid;
  const std::string number = uuid.substr(0, uuid.size() - base_uuid.size());
  return number.starts_with("0000") ? number.substr(4) : number;
}

/// What is known of the connection, and who waits for it to change.
struct Gatt::Line {
  bool connected = false;
  bool resolved = false;
  std::function<void()> wake;
  dbus::Bus::Subscription subscription;

  void learn(const Object& fields) {
    if (fields.find("Connected") != nullptr) connected = dbus::truth_field(fields, "Connected");
    if (fields.find("ServicesResolved") != nullptr)
      resolved = dbus::truth_field(fields, "ServicesResolved");
    if (const auto waiting = std::exchange(wake, nullptr)) waiting();
  }

  /// Until learn() is called.
  static net::Task<void> wait(std::shared_ptr<Line> line, net::TimePoint deadline) {
    auto start = [line](auto handler) {
      auto held = std::make_shared<decltype(handler)>(std::move(handler));
      line->wake = [held] { (*held)(); };
    };
    auto stop = [line] { line->wake = nullptr; };
    auto waited = co_await net::by_deadline<>(deadline, start, stop);
    if (!waited) co_return std::move(waited).error();
    co_return Result<void>();
  }
};

Gatt::Gatt(dbus::Bus& bus, std::string path, std::shared_ptr<Line> line)
    : bus_(&bus), path_(std::move(path)), line_(std::move(line)) {}

namespace {

/// Scans until the device is heard.
net::Task<std::string> find_device(dbus::Bus& bus, std::string address, net::TimePoint deadline) {
  AIOT_CO_TRY(const Object objects, co_await managed_objects(bus, deadline));
  std::string path = known_device(objects, address);
  if (!path.empty()) co_return path;
  auto heard = std::make_shared<std::string>();
  auto wake = std::make_shared<std::function<void()>>();
  auto handler = [heard, wake, address](const Advert& advert) {
    if (!same_address(advert.address, address)) return;
    *heard = advert.path;
    if (const auto waiting = std::exchange(*wake, nullptr)) waiting();
  };
  AIOT_CO_TRY(Scan scan, co_await Scan::start(bus, "", std::move(handler), deadline));
  if (heard->empty()) {
    auto start = [wake](auto done) {
      auto held = std::make_shared<decltype(done)>(std::move(done));
      *wake = [held] { (*held)(); };
    };
    auto stop = [wake] { *wake = nullptr; };
    auto waited = co_await net::by_deadline<>(deadline, start, stop);
    if (!waited && waited.error().code == make_error_code(net::Errc::timed_out)) {
      co_return make_error(Errc::no_device, address,
                           "see that it is on, near, and not connected to something else");
    }
    if (!waited) co_return std::move(waited).error();
  }
  Result<void> stopped = co_await scan.stop(deadline);
  AIOT_CO_CHECK(std::move(stopped));
  co_return *heard;
}

}  // namespace

net::Task<Gatt> Gatt::connect(dbus::Bus& bus, std::string address, net::TimePoint deadline) {
  AIOT_CO_TRY(std::string path, co_await find_device(bus, std::move(address), deadline));
  auto line = std::make_shared<Line>();
  const std::string rule = fmt::format(
      "type='signal',sender='{}',interface='org.freedesktop.DBus.Properties',path='{}',arg0='{}'",
      service, path, device_interface);
  const std::weak_ptr<Line> known = line;
  AIOT_CO_TRY(line->subscription, bus.subscribe(rule, [known](const dbus::Signal& signal) {
    const auto still = known.lock();
    if (still && signal.arguments.size() > 1 && signal.arguments[1].object() != nullptr)
      still->learn(*signal.arguments[1].object());
  }));
  dbus::Call call(service, path, device_interface, "Connect");
  Result<Array> connected = co_await bus.call(std::move(call), deadline);
  if (!connected) co_return explain(std::move(connected).error()).with("connecting");
  Array all{device_interface};
  dbus::Call get(service, path, "org.freedesktop.DBus.Properties", "GetAll", "s", std::move(all));
  AIOT_CO_TRY(const Array fields, co_await bus.call(std::move(get), deadline));
  if (!fields.empty() && fields.front().object() != nullptr) line->learn(*fields.front().object());
  while (!line->resolved) {
    if (!line->connected) co_return make_error(net::Errc::link_lost, "reading its services");
    Result<void> changed = co_await Line::wait(line, deadline);
    AIOT_CO_CHECK(std::move(changed).with("reading its services"));
  }
  co_return Gatt(bus, std::move(path), std::move(line));
}

net::Task<std::string> Gatt::find(std::string uuid, net::TimePoint deadline) {
  const std::string wanted = full_uuid(uuid);
  AIOT_CO_TRY(const Object objects, co_await managed_objects(*bus_, deadline));
  for (const auto& [path, value] : objects.fields()) {
    if (!path.starts_with(path_ + "/") || value.object() == nullptr) continue;
    const Object& fields = dbus::object_field(*value.object(), characteristic_interface);
    if (dbus::text_field(fields, "UUID") == wanted) co_return path;
  }
  AIOT_CO_TRY(const auto there, co_await characteristics(deadline));
  co_return make_error(Errc::no_attribute, std::move(uuid),
                       fmt::format("it has {}", fmt::join(there, ", ")));
}

net::Task<std::vector<std::string>> Gatt::characteristics(net::TimePoint deadline) {
  AIOT_CO_TRY(const Object objects, co_await managed_objects(*bus_, deadline));
  std::vector<std::pair<std::string, std::string>> found;
  for (const auto& [path, value] : objects.fields()) {
    if (!path.starts_with(path_ + "/") || value.object() == nullptr) continue;
    const Object& fields = dbus::object_field(*value.object(), characteristic_interface);
    if (!fields.empty()) found.emplace_back(path, dbus::text_field(fields, "UUID"));
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> out;
  for (auto& [path, uuid] : found) out.push_back(std::move(uuid));
  co_return out;
}

net::Task<Bytes> Gatt::read(std::string uuid, net::TimePoint deadline) {
  AIOT_CO_TRY(std::string path, co_await find(std::move(uuid), deadline));
  Array options{Object()};
  dbus::Call call(service, std::move(path), characteristic_interface, "ReadValue", "a{sv}",
                  std::move(options));
  AIOT_CO_TRY(const Array reply, co_await bus_->call(std::move(call), deadline));
  const Bytes* value = reply.empty() ? nullptr : std::get_if<Bytes>(&reply.front().storage());
  if (value == nullptr) co_return make_error(dbus::Errc::bad_message, "ReadValue");
  co_return *value;
}

net::Task<void> Gatt::write(std::string uuid, Bytes value, net::TimePoint deadline) {
  AIOT_CO_TRY(std::string path, co_await find(std::move(uuid), deadline));
  Array arguments{std::move(value), Object{{"type", "request"}}};
  dbus::Call call(service, std::move(path), characteristic_interface, "WriteValue", "aya{sv}",
                  std::move(arguments));
  Result<Array> written = co_await bus_->call(std::move(call), deadline);
  AIOT_CO_CHECK(std::move(written));
  co_return Result<void>();
}

net::Task<dbus::Bus::Subscription> Gatt::notify(std::string uuid,
                                           std::function<void(const Bytes&)> handler,
                                           net::TimePoint deadline) {
  AIOT_CO_TRY(const std::string path, co_await find(std::move(uuid), deadline));
  const std::string rule = fmt::format(
      "type='signal',sender='{}',interface='org.freedesktop.DBus.Properties',path='{}',arg0='{}'",
      service, path, characteristic_interface);
  AIOT_CO_TRY(auto subscription,
              bus_->subscribe(rule, [handler = std::move(handler)](const dbus::Signal& signal) {
                if (signal.arguments.size() < 2 || signal.arguments[1].object() == nullptr) return;
                const Bytes* value = dbus::bytes_field(*signal.arguments[1].object(), "Value");
                if (value != nullptr) handler(*value);
              }));
  dbus::Call call(service, path, characteristic_interface, "StartNotify");
  Result<Array> started = co_await bus_->call(std::move(call), deadline);
  if (!started) co_return explain(std::move(started).error());
  co_return std::move(subscription);
}

net::Task<void> Gatt::wait_until_lost(net::TimePoint deadline) {
  while (line_->connected) {
    Result<void> changed = co_await Line::wait(line_, deadline);
    AIOT_CO_CHECK(std::move(changed));
  }
  co_return make_error(net::Errc::link_lost, "the device is no longer connected");
}

net::Task<void> Gatt::disconnect(net::TimePoint deadline) {
  dbus::Call call(service, path_, device_interface, "Disconnect");
  Result<Array> gone = co_await bus_->call(std::move(call), deadline);
  AIOT_CO_CHECK(std::move(gone));
  co_return Result<void>();
}

}  // namespace aiot::bluez
