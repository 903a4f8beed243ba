#include "net/dbus/gatt.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "net/dbus/error.hpp"
#include "net/dbus/fields.hpp"
#include "net/deadline.hpp"

namespace aiot::net::bluez {
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
  static Task<void> wait(std::shared_ptr<Line> line, TimePoint deadline) {
    auto start = [line](auto handler) {
      auto held = std::make_shared<decltype(handler)>(std::move(handler));
      line->wake = [held] { (*held)(); };
    };
    auto stop = [line] { line->wake = nullptr; };
    auto waited = co_await by_deadline<>(deadline, start, stop);
    if (!waited) co_return std::move(waited).error();
    co_return Result<void>();
  }
};

Gatt::Gatt(dbus::Bus& bus, std::string path, std::shared_ptr<Line> line)
    : bus_(&bus), path_(std::move(path)), line_(std::move(line)) {}

namespace {

/// Scans until the device is heard.
Task<std::string> find_device(dbus::Bus& bus, std::string address, TimePoint deadline) {
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
    auto waited = co_await by_deadline<>(deadline, start, stop);
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

Task<Gatt> Gatt::connect(dbus::Bus& bus, std::string address, TimePoint deadline) {
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

Task<std::string> Gatt::find(std::string uuid, TimePoint deadline) {
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

Task<std::vector<std::string>> Gatt::characteristics(TimePoint deadline) {
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

Task<Bytes> Gatt::read(std::string uuid, TimePoint deadline) {
  AIOT_CO_TRY(std::string path, co_await find(std::move(uuid), deadline));
  Array options{Object()};
  dbus::Call call(service, std::move(path), characteristic_interface, "ReadValue", "a{sv}",
                  std::move(options));
  AIOT_CO_TRY(const Array reply, co_await bus_->call(std::move(call), deadline));
  const Bytes* value = reply.empty() ? nullptr : std::get_if<Bytes>(&reply.front().storage());
  if (value == nullptr) co_return make_error(dbus::Errc::bad_message, "ReadValue");
  co_return *value;
}

Task<void> Gatt::write(std::string uuid, Bytes value, TimePoint deadline) {
  AIOT_CO_TRY(std::string path, co_await find(std::move(uuid), deadline));
  Array arguments{std::move(value), Object{{"type", "request"}}};
  dbus::Call call(service, std::move(path), characteristic_interface, "WriteValue", "aya{sv}",
                  std::move(arguments));
  Result<Array> written = co_await bus_->call(std::move(call), deadline);
  AIOT_CO_CHECK(std::move(written));
  co_return Result<void>();
}

Task<dbus::Bus::Subscription> Gatt::notify(std::string uuid,
                                           std::function<void(const Bytes&)> handler,
                                           TimePoint deadline) {
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

Task<void> Gatt::wait_until_lost(TimePoint deadline) {
  while (line_->connected) {
    Result<void> changed = co_await Line::wait(line_, deadline);
    AIOT_CO_CHECK(std::move(changed));
  }
  co_return make_error(net::Errc::link_lost, "the device is no longer connected");
}

Task<void> Gatt::disconnect(TimePoint deadline) {
  dbus::Call call(service, path_, device_interface, "Disconnect");
  Result<Array> gone = co_await bus_->call(std::move(call), deadline);
  AIOT_CO_CHECK(std::move(gone));
  co_return Result<void>();
}

}  // namespace aiot::net::bluez
