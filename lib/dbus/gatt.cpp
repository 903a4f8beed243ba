#include "dbus/gatt.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "dbus/bell.hpp"
#include "dbus/bluez.hpp"
#include "dbus/message.hpp"
#include "net/clock.hpp"

namespace aiot::bluez {
namespace {

constexpr const char* service_interface = "org.bluez.GattService1";
constexpr const char* characteristic_interface = "org.bluez.GattCharacteristic1";
constexpr const char* descriptor_interface = "org.bluez.GattDescriptor1";
constexpr const char* user_description = "2901";

std::string changes_of(const std::string& path, const char* interface) {
  return fmt::format(
      "type='signal',sender='{}',interface='org.freedesktop.DBus.Properties',path='{}',arg0='{}'",
      service, path, interface);
}

std::string parent_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

}  // namespace

/// What is known of the connection, and who waits for it to change.
struct Gatt::Line {
  bool connected = false;
  bool resolved = false;
  std::shared_ptr<dbus::Bell> bell = std::make_shared<dbus::Bell>();
  dbus::Bus::Subscription subscription;
  std::function<void()> lost;

  void learn(const Object& fields) {
    if (fields.find("Connected") != nullptr) connected = dbus::truth_field(fields, "Connected");
    if (fields.find("ServicesResolved") != nullptr)
      resolved = dbus::truth_field(fields, "ServicesResolved");
    bell->ring();
    if (!connected && lost) std::exchange(lost, nullptr)();
  }
};

Gatt::Gatt(dbus::Bus& bus, std::string path, std::shared_ptr<Line> line)
    : bus_(&bus), path_(std::move(path)), line_(std::move(line)) {}

net::Task<Gatt> Gatt::connect(dbus::Bus& bus, std::string address, net::TimePoint deadline) {
  Wanted wanted{.address = std::move(address)};
  AIOT_CO_TRY(Advert device, co_await find_device(bus, std::move(wanted), deadline));
  co_return co_await open(bus, std::move(device.path), deadline);
}

net::Task<Gatt> Gatt::open(dbus::Bus& bus, std::string path, net::TimePoint deadline) {
  Result<Gatt> opened = co_await open_or_fail(bus, path, deadline);
  if (!opened) {
    Result<void> gone = co_await hang_up(bus, std::move(path));
    (void)gone;  // it may never have been there
  }
  co_return opened;
}

net::Task<Gatt> Gatt::open_or_fail(dbus::Bus& bus, std::string path, net::TimePoint deadline) {
  auto line = std::make_shared<Line>();
  const std::weak_ptr<Line> known = line;
  AIOT_CO_TRY(
      line->subscription,
      bus.subscribe(changes_of(path, device_interface), [known](const dbus::Signal& signal) {
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
    Result<void> changed = co_await dbus::Bell::wait(line->bell, deadline);
    AIOT_CO_CHECK(std::move(changed).with("reading its services"));
  }
  Gatt gatt(bus, std::move(path), std::move(line));
  AIOT_CO_CHECK(co_await gatt.load(deadline));
  co_return std::move(gatt);
}

net::Task<void> Gatt::load(net::TimePoint deadline) {
  AIOT_CO_TRY(const Object objects, co_await managed_objects(*bus_, deadline));
  std::map<std::string, std::string> services;
  for (const auto& [path, value] : objects.fields()) {
    if (!path.starts_with(path_ + "/") || value.object() == nullptr) continue;
    const auto uuid = [&, &interfaces = *value.object()](const char* interface) {
      return dbus::text_field(dbus::object_field(interfaces, interface), "UUID");
    };
    if (const auto found = uuid(service_interface); !found.empty()) services[path] = found;
    if (auto found = uuid(characteristic_interface); !found.empty())
      characteristics_.push_back({path, std::move(found), {}});
    if (auto found = uuid(descriptor_interface); !found.empty())
      descriptors_.emplace_back(path, std::move(found));
  }
  std::ranges::sort(characteristics_, {}, &Characteristic::path);
  for (Characteristic& one : characteristics_) {
    const auto of = services.find(parent_of(one.path));
    if (of != services.end()) one.service = of->second;
  }
  for (auto& [path, uuid] : services) services_.push_back(std::move(uuid));
  co_return Result<void>();
}

bool Gatt::has_service(std::string_view uuid) const {
  return std::ranges::find(services_, full_uuid(uuid)) != services_.end();
}

Result<std::string> Gatt::find(const std::string& uuid) const {
  const auto found = std::ranges::find(characteristics_, full_uuid(uuid), &Characteristic::uuid);
  if (found != characteristics_.end()) return found->path;
  std::string there;
  for (const Characteristic& one : characteristics_)
    there += (there.empty() ? "it has " : ", ") + one.uuid;
  return make_error(Errc::no_attribute, uuid, std::move(there));
}

net::Task<Array> Gatt::call(std::string path, const char* interface, const char* method,
                            std::string signature, Array arguments, net::TimePoint deadline) {
  dbus::Call call(service, std::move(path), interface, method, std::move(signature),
                  std::move(arguments));
  Result<Array> reply = co_await bus_->call(std::move(call), deadline);
  if (reply) co_return reply;
  const std::shared_ptr<Line> line = line_;
  if (!line->connected || reply.error().code == make_error_code(dbus::Errc::no_object))
    co_return make_error(net::Errc::link_lost, std::move(reply.error().context));
  const bool denied = reply.error().code == make_error_code(dbus::Errc::denied);
  Error error = denied ? std::move(reply).error() : explain(std::move(reply).error());
  // BlueZ's names for what the device says in an ATT error (NotPermitted, NotAuthorized …).
  if (denied || error.code == make_error_code(dbus::Errc::refused))
    error.code = make_error_code(Errc::attribute);
  co_return error;
}

net::Task<Bytes> Gatt::read(std::string uuid, net::TimePoint deadline) {
  AIOT_CO_TRY(std::string path, find(uuid));
  Array options{Object()};
  AIOT_CO_TRY(const Array reply, co_await call(std::move(path), characteristic_interface,
                                               "ReadValue", "a{sv}", std::move(options), deadline));
  const Bytes* value = reply.empty() ? nullptr : std::get_if<Bytes>(&reply.front().storage());
  if (value == nullptr) co_return make_error(dbus::Errc::bad_message, "ReadValue");
  co_return *value;
}

net::Task<void> Gatt::write(std::string uuid, Bytes value, net::TimePoint deadline) {
  return write_as("request", std::move(uuid), std::move(value), deadline);
}

net::Task<void> Gatt::write_command(std::string uuid, Bytes value, net::TimePoint deadline) {
  return write_as("command", std::move(uuid), std::move(value), deadline);
}

net::Task<std::size_t> Gatt::mtu(std::string uuid, net::TimePoint deadline) {
  constexpr std::size_t least = 23;
  AIOT_CO_TRY(std::string path, find(uuid));
  Result<Value> said =
      co_await bus_->get(service, std::move(path), characteristic_interface, "MTU", deadline);
  if (!said) co_return least;  // before BlueZ 5.62
  const Object fields{{"MTU", *std::move(said)}};
  co_return std::max<std::size_t>(least,
                                  static_cast<std::size_t>(std::clamp<std::int64_t>(
                                      dbus::number_field(fields, "MTU").value_or(0), 0, 0xFFFF)));
}

net::Task<void> Gatt::write_as(const char* type, std::string uuid, Bytes value,
                               net::TimePoint deadline) {
  AIOT_CO_TRY(std::string path, find(uuid));
  Array arguments{std::move(value), Object{{"type", type}}};
  Result<Array> written = co_await call(std::move(path), characteristic_interface, "WriteValue",
                                        "aya{sv}", std::move(arguments), deadline);
  AIOT_CO_CHECK(std::move(written));
  co_return Result<void>();
}

net::Task<dbus::Bus::Subscription> Gatt::notify(std::string uuid,
                                                std::function<void(const Bytes&)> handler,
                                                net::TimePoint deadline) {
  AIOT_CO_TRY(std::string path, find(uuid));
  AIOT_CO_TRY(auto subscription,
              bus_->subscribe(
                  changes_of(path, characteristic_interface),
                  [handler = std::move(handler)](const dbus::Signal& signal) {
                    if (signal.arguments.size() < 2 || signal.arguments[1].object() == nullptr)
                      return;
                    const Bytes* value = dbus::bytes_field(*signal.arguments[1].object(), "Value");
                    if (value != nullptr) handler(*value);
                  }));
  Array none;
  Result<Array> started = co_await call(std::move(path), characteristic_interface, "StartNotify",
                                        "", std::move(none), deadline);
  AIOT_CO_CHECK(std::move(started));
  co_return std::move(subscription);
}

net::Task<std::string> Gatt::description(Characteristic characteristic, net::TimePoint deadline) {
  const std::string wanted = full_uuid(user_description);
  const auto found = std::ranges::find_if(descriptors_, [&](const auto& descriptor) {
    return descriptor.second == wanted && parent_of(descriptor.first) == characteristic.path;
  });
  if (found == descriptors_.end()) co_return std::string();
  Array options{Object()};
  AIOT_CO_TRY(const Array reply, co_await call(found->first, descriptor_interface, "ReadValue",
                                               "a{sv}", std::move(options), deadline));
  const Bytes* value = reply.empty() ? nullptr : std::get_if<Bytes>(&reply.front().storage());
  if (value == nullptr) co_return make_error(dbus::Errc::bad_message, "ReadValue");
  std::string text(value->begin(), value->end());
  // Some devices count the terminating zero of their string.
  while (text.ends_with('\0')) text.pop_back();
  co_return text;
}

bool Gatt::connected() const { return line_->connected; }

void Gatt::when_lost(std::function<void()> handler) { line_->lost = std::move(handler); }

net::Task<void> Gatt::wait_until_lost(net::TimePoint deadline) {
  const std::shared_ptr<Line> line = line_;
  while (line->connected) {
    Result<void> changed = co_await dbus::Bell::wait(line->bell, deadline);
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
