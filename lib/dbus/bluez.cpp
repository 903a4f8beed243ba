#include "dbus/bluez.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <cctype>
#include <charconv>
#include <map>
#include <utility>

#include "dbus/bell.hpp"
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

constexpr ErrorRow rows[] = {
    {Errc::no_daemon, "bluetooth.no_daemon", "bluetoothd does not run", Condition::resource},
    {Errc::no_adapter, "bluetooth.no_adapter", "no Bluetooth adapter", Condition::resource},
    {Errc::powered_off, "bluetooth.powered_off", "the Bluetooth adapter is switched off",
     Condition::resource},
    {Errc::no_permission, "bluetooth.permission", "this user may not use Bluetooth",
     Condition::resource},
    {Errc::no_device, "bluetooth.no_device", "no such Bluetooth device was heard",
     Condition::no_match, true},
    {Errc::no_attribute, "bluetooth.no_attribute", "the device has no such characteristic",
     Condition::no_match},
    {Errc::busy, "bluetooth.busy", "another Bluetooth connection is in the way",
     Condition::resource, true},
    {Errc::unreachable, "bluetooth.unreachable", "the device does not accept a connection",
     Condition::timeout, true},
    {Errc::attribute, "bluetooth.attribute", "the device refused a characteristic's value",
     Condition::protocol},
    {Errc::not_bonded, "bluetooth.not_bonded", "the characteristic requires a bond",
     Condition::refused_security},
    {Errc::bond_failed, "bluetooth.bond_failed", "the device and this host agreed on no key",
     Condition::refused_security},
    {Errc::wrong_passkey, "bluetooth.wrong_passkey", "wrong passkey", Condition::refused_security},
    {Errc::bond_rejected, "bluetooth.bond_rejected", "the device rejected the bond",
     Condition::refused_security},
    {Errc::bond_timeout, "bluetooth.bond_timeout", "no reply while the bond was made",
     Condition::timeout, true},
    {Errc::bonded, "bluetooth.bonded", "this host has a bond with the device",
     Condition::refused_security},
    {Errc::no_passkey, "bluetooth.no_passkey", "the device requires a passkey", Condition::usage},
};
const ErrorTable table("bluetooth", rows);

/// What BlueZ 5.66 names its errors (src/error.c, src/gatt-client.c), and says in them.
struct Saying {
  std::string_view text;
  Errc meaning;
  std::string_view hint = {};
};
constexpr std::string_view free_the_link =
    "close the app or host that is connected to the device, move closer, and try again";
constexpr std::array<Saying, 14> sayings = {{
    {"Error.AuthenticationFailed", Errc::bond_failed,
     "put the device into its pairing mode, and try again"},
    {"Error.AuthenticationRejected", Errc::bond_rejected, "accept the bond on the device"},
    {"Error.AuthenticationCanceled", Errc::bond_rejected, "accept the bond on the device"},
    {"Error.AuthenticationTimeout", Errc::bond_timeout},
    {"Error.ConnectionAttemptFailed", Errc::unreachable, "move closer, and try again"},
    {"Error.InProgress", Errc::busy, "wait until the other operation has ended, and try again"},
    {"-connection-busy", Errc::busy, free_the_link},
    {"-connection-abort-by-local", Errc::busy, free_the_link},
    {"-connection-aborted-by-local", Errc::busy, free_the_link},
    {"-connection-concurrent-connection-limit", Errc::busy, free_the_link},
    {"le-connection-", Errc::unreachable, "move closer, and try again"},
    {"br-connection-", Errc::unreachable, "move closer, and try again"},
    {"Operation failed with ATT error", Errc::attribute},
    {"Error.NotPermitted (Not paired)", Errc::not_bonded, "make a bond with the device first"},
}};
/// How it says that the connection ended during an operation.
constexpr std::array<std::string_view, 4> lost_sayings = {
    "Error.NotConnected", "(Not connected)", "(Operation failed)", "(No ATT transport)"};

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

/// What is always told; data only when `fresh` has it. nullopt without a valid address.
std::optional<Advert> advert_of(const std::string& path, const Object& known, const Object& fresh) {
  const auto address = parse_mac(text_field(known, "Address"));
  if (!address) return std::nullopt;
  Advert out;
  out.path = path;
  out.address = *address;
  out.random_address = text_field(known, "AddressType") == "random";
  out.name = text_field(known, "Name");
  if (const auto rssi = number_field(known, "RSSI")) out.rssi_dbm = static_cast<int>(*rssi);
  if (const auto kind = number_field(known, "Class"))
    out.device_class = static_cast<std::uint32_t>(*kind);
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
  const auto says = [&](std::string_view text) {
    return error.context.find(text) != std::string::npos;
  };
  if (std::ranges::any_of(lost_sayings, says))
    return make_error(net::Errc::link_lost, std::move(error.context));
  const auto* said = std::ranges::find_if(sayings, says, &Saying::text);
  if (said != sayings.end())
    return make_error(said->meaning, std::move(error.context), std::string(said->hint));
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

/// Puts together what BlueZ reports of each device in pieces.
struct Scan::Ear {
  Handler handler;
  std::map<std::string, Object> devices;

  void report(const std::string& path, const Object& known, const Object& fresh) {
    if (const auto advert = advert_of(path, known, fresh)) handler(*advert);
  }

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
    report(path, device, device);
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
    if (from_air) report(path, known->second, changed);
  }
};

Scan::Scan(dbus::Bus& bus, Adapter adapter, std::shared_ptr<Ear> ear)
    : bus_(&bus), adapter_(std::move(adapter)), ear_(std::move(ear)) {}

net::Task<Scan> Scan::start(dbus::Bus& bus, std::string adapter, Handler handler,
                            net::TimePoint deadline, Radio radio) {
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
  constexpr std::array<const char*, 3> transports = {"le", "bredr", "auto"};
  const char* transport = transports[static_cast<std::size_t>(radio)];
  Array filter{Object{{"Transport", transport}, {"DuplicateData", true}}};
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

bool same_address(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, [](unsigned char x, unsigned char y) { return std::toupper(x) == std::toupper(y); });
}

namespace {

bool is_wanted(const Advert& device, const Wanted& wanted) {
  if (!wanted.adapter.empty() && !device.path.starts_with("/org/bluez/" + wanted.adapter + "/"))
    return false;
  return wanted.address.empty() ? device.name == wanted.name
                                : device.address == parse_mac(wanted.address);
}

std::optional<Advert> remembered(const Object& objects, const Wanted& wanted) {
  for (const auto& [path, value] : objects.fields()) {
    if (value.object() == nullptr) continue;
    const Object& fields = object_field(*value.object(), device_interface);
    if (fields.empty()) continue;
    std::optional<Advert> device = advert_of(path, fields, fields);
    if (device && is_wanted(*device, wanted) && (!wanted.now || device->connected)) return device;
  }
  return std::nullopt;
}

}  // namespace

net::Task<Advert> find_device(dbus::Bus& bus, Wanted wanted, net::TimePoint deadline) {
  AIOT_CO_TRY(const Object objects, co_await managed_objects(bus, deadline));
  if (auto known = remembered(objects, wanted)) co_return *std::move(known);
  auto heard = std::make_shared<std::optional<Advert>>();
  auto bell = std::make_shared<dbus::Bell>();
  auto handler = [heard, bell, wanted](const Advert& advert) {
    if (*heard || !is_wanted(advert, wanted)) return;
    *heard = advert;
    bell->ring();
  };
  AIOT_CO_TRY(Scan scan, co_await Scan::start(bus, wanted.adapter, std::move(handler), deadline,
                                              wanted.radio));
  while (!*heard) {
    Result<void> rung = co_await dbus::Bell::wait(bell, deadline);
    if (rung) continue;
    if (rung.error().code != make_error_code(net::Errc::timed_out)) co_return rung.error();
    co_return make_error(Errc::no_device, wanted.address.empty() ? wanted.name : wanted.address,
                         "see that it is on, near, and not connected to something else");
  }
  Result<void> stopped = co_await scan.stop(deadline);
  AIOT_CO_CHECK(std::move(stopped));
  co_return **heard;
}

net::Task<void> hang_up(dbus::Bus& bus, std::string path) {
  co_await net::asio::this_coro::reset_cancellation_state(
      net::asio::enable_terminal_cancellation());
  dbus::Call call(service, std::move(path), device_interface, "Disconnect");
  const net::TimePoint deadline = net::steady_clock().now() + std::chrono::seconds(3);
  Result<Array> gone = co_await bus.call(std::move(call), deadline);
  AIOT_CO_CHECK(std::move(gone));
  co_return Result<void>();
}

void hang_up_meanwhile(const net::asio::any_io_executor& executor, std::shared_ptr<dbus::Bus> bus,
                       std::string path) {
  net::asio::co_spawn(
      executor,
      [bus = std::move(bus), path = std::move(path)]() -> net::asio::awaitable<void> {
        co_await net::asio::this_coro::throw_if_cancelled(false);
        Result<void> gone = co_await hang_up(*bus, path);
        (void)gone;  // the device may have left by itself
      },
      [](std::exception_ptr thrown) {
        if (thrown) std::rethrow_exception(thrown);
      });
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

Watch::Watch(std::shared_ptr<dbus::Bell> bell) : bell_(std::move(bell)) {}

Result<Watch> Watch::start(dbus::Bus& bus) {
  Watch watch(std::make_shared<dbus::Bell>());
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

net::Task<void> Watch::next(net::TimePoint deadline) { return dbus::Bell::wait(bell_, deadline); }

namespace {

/// Bluetooth Core Specification 5.4, volume 3, part B, 2.5.1.
constexpr std::string_view base_uuid = "-0000-1000-8000-00805f9b34fb";

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

}  // namespace aiot::bluez
