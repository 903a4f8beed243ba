#include "sim/gatt_server.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "dbus/bluez.hpp"
#include "dbus/message.hpp"
#include "net/clock.hpp"

// BlueZ 5.66, doc/gatt-api.txt and doc/advertising-api.txt.
namespace aiot::sim {
namespace {

constexpr const char* root_path = "/aiot/device";
constexpr const char* service_path = "/aiot/device/service0";
constexpr const char* advert_path = "/aiot/device/advert";
constexpr const char* properties = "org.freedesktop.DBus.Properties";
constexpr const char* service_interface = "org.bluez.GattService1";
constexpr const char* characteristic_interface = "org.bluez.GattCharacteristic1";
constexpr const char* descriptor_interface = "org.bluez.GattDescriptor1";
constexpr const char* advert_interface = "org.bluez.LEAdvertisement1";
constexpr std::chrono::seconds start_time{20};
constexpr std::chrono::seconds beat_time{1};
constexpr std::int64_t least_mtu = 23;
/// Espressif's company identifier (Assigned Numbers, 7).
constexpr const char* company = "741";

std::string path_of(std::size_t characteristic) {
  return fmt::format("{}/char{}", service_path, characteristic);
}

Array texts(const std::vector<std::string>& from) { return Array(from.begin(), from.end()); }

}  // namespace

struct GattServer::Shared : std::enable_shared_from_this<GattServer::Shared> {
  Shared(const net::asio::any_io_executor& executor, Profile its_profile, GattHandler& its_handler)
      : profile(std::move(its_profile)), handler(&its_handler), timer(executor) {}

  net::Task<void> start(net::TimePoint deadline) {
    const net::asio::any_io_executor executor = co_await net::asio::this_coro::executor;
    AIOT_CO_TRY(dbus::Bus opened, dbus::Bus::open(executor, {}));
    bus.emplace(std::move(opened));
    AIOT_CO_TRY(const auto adapters, co_await bluez::list_adapters(*bus, deadline));
    const auto mine = std::ranges::find_if(adapters, [&](const bluez::Adapter& one) {
      return profile.adapter.empty() || one.path == "/org/bluez/" + profile.adapter;
    });
    if (mine == adapters.end())
      co_return make_error(bluez::Errc::no_adapter, profile.adapter,
                           "bluetoothctl list shows what is there");
    adapter = *mine;
    if (!adapter.powered) {
      Array on{bluez::adapter_interface, "Powered", true};
      AIOT_CO_CHECK(co_await call(adapter.path, properties, "Set", "ssv", std::move(on), deadline));
    }
    AIOT_CO_TRY(served, bus->serve(root_path, [self = weak_from_this()](dbus::Incoming request) {
      if (const auto still = self.lock()) still->on_call(std::move(request));
    }));
    const std::string rule =
        fmt::format("type='signal',sender='org.bluez',interface='{}',path_namespace='{}',arg0='{}'",
                    properties, adapter.path, bluez::device_interface);
    AIOT_CO_TRY(changes, bus->subscribe(rule, [self = weak_from_this()](const dbus::Signal& said) {
      if (const auto still = self.lock()) still->on_change(said);
    }));
    Array application{root_path, Object()};
    AIOT_CO_CHECK(co_await call(adapter.path, "org.bluez.GattManager1", "RegisterApplication",
                                "oa{sv}", std::move(application), deadline));
    Array advertisement{advert_path, Object()};
    AIOT_CO_CHECK(co_await call(adapter.path, "org.bluez.LEAdvertisingManager1",
                                "RegisterAdvertisement", "oa{sv}", std::move(advertisement),
                                deadline));
    beat_later();
    co_return Result<void>();
  }

  net::Task<void> call(std::string path, const char* interface, const char* method,
                       const char* signature, Array arguments, net::TimePoint deadline) {
    dbus::Call what(bluez::service, std::move(path), interface, method, signature,
                    std::move(arguments));
    Result<Array> reply = co_await bus->call(std::move(what), deadline);
    if (!reply) co_return bluez::explain(std::move(reply).error());
    co_return Result<void>();
  }

  /// btvirt reports an advert once, when it changes, where a radio repeats it.
  void beat_later() {
    timer.expires_after(beat_time);
    timer.async_wait([self = weak_from_this()](const boost::system::error_code& error) {
      const auto still = self.lock();
      if (error || !still) return;
      ++still->beat;
      still->emit_change(advert_path, advert_interface,
                         Object{{"ManufacturerData", still->manufacturer_data()}});
      still->beat_later();
    });
  }

  Value manufacturer_data() const { return dbus::typed("a{qv}", Object{{company, Bytes{beat}}}); }

  void emit_change(std::string path, const char* interface, Object changed) {
    const dbus::Signal signal{std::move(path), properties, "PropertiesChanged",
                              Array{interface, std::move(changed), Array()}};
    const Result<void> sent = bus->emit(signal, "sa{sv}as");
    (void)sent;  // the bus is gone: so are those who listen
  }

  Object characteristic_fields(std::size_t index) const {
    const GattCharacteristic& one = profile.characteristics[index];
    return {{"UUID", one.uuid},
            {"Service", dbus::typed("o", service_path)},
            {"Flags", texts(one.flags)}};
  }

  /// path -> interface -> properties.
  Object tree() const {
    Object out;
    out.set(service_path,
            Object{{service_interface, Object{{"UUID", profile.service}, {"Primary", true}}}});
    for (std::size_t i = 0; i < profile.characteristics.size(); ++i) {
      out.set(path_of(i), Object{{characteristic_interface, characteristic_fields(i)}});
      if (profile.characteristics[i].description.empty()) continue;
      out.set(path_of(i) + "/desc0",
              Object{{descriptor_interface, Object{{"UUID", bluez::full_uuid("2901")},
                                                   {"Characteristic", dbus::typed("o", path_of(i))},
                                                   {"Flags", Array{"read"}}}}});
    }
    return out;
  }

  Object advert() const {
    return {{"Type", "peripheral"},
            {"LocalName", profile.name},
            {"ServiceUUIDs", Array{profile.service}},
            {"ManufacturerData", manufacturer_data()}};
  }

  void on_call(dbus::Incoming request) {
    if (request.method == "GetManagedObjects") return request.reply("a{oa{sa{sv}}}", {tree()});
    if (request.method == "GetAll" && request.path == advert_path)
      return request.reply("a{sv}", {advert()});
    for (std::size_t i = 0; i < profile.characteristics.size(); ++i) {
      if (request.path == path_of(i) || request.path == path_of(i) + "/desc0")
        return on_characteristic(std::move(request), i);
    }
    if (request.method == "Release") return request.reply();
    request.fail("org.freedesktop.DBus.Error.UnknownMethod", request.method);
  }

  void on_characteristic(dbus::Incoming request, std::size_t index) {
    const GattCharacteristic& one = profile.characteristics[index];
    if (request.method == "GetAll") return request.reply("a{sv}", {characteristic_fields(index)});
    if (request.method == "StartNotify" || request.method == "StopNotify") return request.reply();
    if (request.method == "ReadValue") {
      const bool is_name = request.interface == descriptor_interface;
      Bytes value = is_name ? Bytes(one.description.begin(), one.description.end())
                            : handler->on_read(one.uuid);
      const Object* options = request.arguments.empty() ? nullptr : request.arguments[0].object();
      const std::int64_t offset =
          options == nullptr ? 0 : dbus::number_field(*options, "offset").value_or(0);
      const auto skipped = std::clamp<std::int64_t>(offset, 0, std::ssize(value));
      value.erase(value.begin(), value.begin() + skipped);
      return request.reply("ay", {std::move(value)});
    }
    if (request.method != "WriteValue" || request.arguments.size() < 2)
      return request.fail("org.freedesktop.DBus.Error.UnknownMethod", request.method);
    const Object* options = request.arguments[1].object();
    if (options != nullptr && options->find("mtu") != nullptr) {
      mtu = std::clamp<std::int64_t>(dbus::number_field(*options, "mtu").value_or(0), least_mtu,
                                     0xFFFF);
    }
    const Bytes* value = std::get_if<Bytes>(&request.arguments[0].storage());
    if (value == nullptr) return request.fail("org.bluez.Error.InvalidValueLength", "");
    switch (handler->on_write(one.uuid, *value)) {
      case GattOutcome::done: return request.reply();
      // BlueZ sends it as ATT error 0x0e; it passes none below 0x80 through.
      case GattOutcome::refused: return request.fail("org.bluez.Error.Failed", "refused");
      case GattOutcome::silent: unanswered.push_back(std::move(request)); return;
      case GattOutcome::lost: return drop(std::move(request));
    }
  }

  /// Ends the connection with the host that asked.
  void drop(dbus::Incoming request) {
    const Object* options = request.arguments[1].object();
    std::string host = options == nullptr ? std::string() : dbus::text_field(*options, "device");
    unanswered.push_back(std::move(request));
    net::asio::co_spawn(
        timer.get_executor(),
        [self = shared_from_this(), host]() -> net::asio::awaitable<void> {
          Result<void> gone = co_await bluez::hang_up(*self->bus, host);
          (void)gone;  // the host may have left first
        },
        [](std::exception_ptr) {});
  }

  void on_change(const dbus::Signal& said) {
    if (said.arguments.size() < 2 || said.arguments[1].object() == nullptr) return;
    const Object& changed = *said.arguments[1].object();
    if (changed.find("Connected") != nullptr && !dbus::truth_field(changed, "Connected"))
      handler->on_disconnect();
  }

  Profile profile;
  GattHandler* handler;
  net::asio::steady_timer timer;
  std::optional<dbus::Bus> bus;
  bluez::Adapter adapter;
  dbus::Bus::Subscription served;
  dbus::Bus::Subscription changes;
  std::vector<dbus::Incoming> unanswered;
  std::uint8_t beat = 0;
  std::int64_t mtu = least_mtu;
};

Result<std::unique_ptr<GattServer>> GattServer::open(const net::asio::any_io_executor& executor,
                                                     Profile profile, GattHandler& handler) {
  auto shared = std::make_shared<Shared>(executor, std::move(profile), handler);
  std::optional<Result<void>> started;
  const net::TimePoint deadline = net::steady_clock().now() + start_time;
  net::asio::co_spawn(
      executor,
      [&]() -> net::asio::awaitable<void> {
        co_await net::asio::this_coro::throw_if_cancelled(false);
        Result<void> done = co_await shared->start(deadline);
        started.emplace(std::move(done));
      },
      [](std::exception_ptr thrown) {
        if (thrown) std::rethrow_exception(thrown);
      });
  // The device is on the air before it is announced.
  auto& loop = static_cast<net::asio::io_context&>(executor.context());
  while (!started && loop.run_one() != 0) {
  }
  if (!started) return make_error(net::Errc::cancelled);
  AIOT_CHECK(*std::move(started));
  return std::unique_ptr<GattServer>(new GattServer(std::move(shared)));
}

GattServer::~GattServer() {
  shared_->timer.cancel();
  shared_->unanswered.clear();
  shared_->bus.reset();  // BlueZ takes service and advertisement down with the connection
}

std::string GattServer::address() const { return shared_->adapter.address; }

std::size_t GattServer::mtu() const { return static_cast<std::size_t>(shared_->mtu); }

void GattServer::notify(std::string_view uuid, const Bytes& value) {
  const auto& all = shared_->profile.characteristics;
  const auto at = std::ranges::find(all, uuid, &GattCharacteristic::uuid);
  if (at == all.end()) return;
  shared_->emit_change(path_of(static_cast<std::size_t>(at - all.begin())),
                       characteristic_interface, Object{{"Value", value}});
}

}  // namespace aiot::sim
