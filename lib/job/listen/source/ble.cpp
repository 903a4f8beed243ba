#include "job/listen/source/ble.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <cctype>
#include <map>

#include "config/secrets.hpp"
#include "job/listen/error.hpp"
#include "dbus/bluez.hpp"
#include "dbus/gatt.hpp"
#include "protocol/ble/advert.hpp"
#include "protocol/ble/sensor.hpp"

namespace aiot::listen {
namespace {

using std::chrono::seconds;

/// bluetoothd answers in milliseconds; it may be busy with a controller that does not.
constexpr seconds patience{10};
/// A sleepy device advertises every ten seconds, and then has to be asked for its services.
constexpr seconds connect_time{40};
constexpr std::chrono::milliseconds first_pause{500};
constexpr seconds longest_pause{15};
constexpr std::size_t mac_letters = 17;

bool is_mac(std::string_view text) {
  if (text.size() != mac_letters) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto letter = static_cast<unsigned char>(text[i]);
    if (i % 3 == 2 ? letter != ':' : std::isxdigit(letter) == 0) return false;
  }
  return true;
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

std::string text_of(const Bytes& bytes) { return {bytes.begin(), bytes.end()}; }

/// What devices say unasked: a message for each piece of data in an advert.
class AdvertSource final : public Source {
 public:
  AdvertSource(std::string bus_address, std::string device, ble::Keys keys)
      : bus_address_(std::move(bus_address)),
        device_(std::move(device)),
        sensors_(std::move(keys)) {}

  net::Task<void> run(SourceContext& context) override {
    const auto executor = co_await net::asio::this_coro::executor;
    AIOT_CO_TRY(dbus::Bus bus, dbus::Bus::open(executor, bus_address_));
    auto handler = [&](const bluez::Advert& advert) {
      const std::string address = ble::address_text(advert.address);
      if (device_ == "*" || address == device_) tell(context, advert, address);
    };
    AIOT_CO_TRY(const bluez::Scan scan,
                co_await bluez::Scan::start(bus, "", std::move(handler),
                                                 context.clock.now() + patience));
    // The scan ends with the bus connection.
    co_return co_await context.clock.sleep_until(net::TimePoint::max());
  }

 private:
  void tell(SourceContext& context, const bluez::Advert& advert, const std::string& address) {
    Object said;
    if (!advert.name.empty()) said.set("name", advert.name);
    if (advert.rssi_dbm) said.set("rssi_dbm", *advert.rssi_dbm);
    said.set("random_address", advert.random_address);
    const auto report = [&](std::string topic, const Bytes& data, Object details) {
      Message message{.payload = text_of(data), .topic = std::move(topic), .from = address};
      message.ble = std::move(details);
      context.report(std::move(message));
    };
    const ble::Advert scanned = ble::to_advert(advert);
    for (const auto& [uuid, data] : advert.service_data) {
      Object details = said;
      add_sensor(scanned, uuid, data, details);
      report("service_data/" + bluez::short_uuid(uuid), data, std::move(details));
    }
    for (const auto& [company, data] : advert.manufacturer_data)
      report(fmt::format("manufacturer_data/{:04x}", company), data, said);
    tell_key_problems(context);
  }

  /// What the data measures, by the names that discover gives it, too.
  void add_sensor(const ble::Advert& advert, const std::string& uuid, const Bytes& data,
                  Object& details) {
    const auto service = ble::Uuid::parse(uuid);
    if (!service) return;
    const auto sensor = sensors_.decode(advert, {*service, data});
    if (!sensor) return;
    details.set("format", sensor->format).set("encrypted", sensor->encrypted);
    if (!sensor->model.empty()) details.set("model", sensor->model);
    if (sensor->security) details.set("security", security_text(*sensor->security));
    for (const ble::Reading& reading : sensor->readings) {
      if (details.find(full_name(reading)) == nullptr) {
        details.set(full_name(reading), reading.value);
      }
    }
  }

  /// Each once, as soon as it shows.
  void tell_key_problems(SourceContext& context) {
    for (const auto& [device, security] : sensors_.key_problems()) {
      const auto [known, added] = told_.try_emplace(device, security);
      if (!added && known->second == security) continue;
      known->second = security;
      context.notice("listen.key", key_problem_text(device, security),
                     security == ble::Security::wrong_key ? "check this device's bind key" : "");
    }
  }

  std::string bus_address_;
  std::string device_;  // upper case, or "*"
  ble::SensorDecoder sensors_;
  std::map<ble::DeviceAddress, ble::Security> told_;  // of the keys' problems
};

/// A connected device's notifications of one characteristic.
class NotificationSource final : public Source {
 public:
  NotificationSource(std::string bus_address, std::string device, std::string uuid, bool reconnect)
      : bus_address_(std::move(bus_address)),
        device_(std::move(device)),
        uuid_(std::move(uuid)),
        reconnect_(reconnect) {}

  net::Task<void> run(SourceContext& context) override {
    clock_ = &context.clock;
    const auto executor = co_await net::asio::this_coro::executor;
    AIOT_CO_TRY(dbus::Bus bus, dbus::Bus::open(executor, bus_address_));
    // Only a device that has been there is waited for.
    Result<void> connected = co_await connect(bus, context);
    while (connected) {
      Result<void> lost = co_await gatt_->wait_until_lost(net::TimePoint::max());
      subscription_.reset();
      if (lost.error().code != net::Errc::link_lost) {
        co_await leave(lost.error());
        co_return lost;
      }
      gatt_.reset();
      if (!reconnect_) co_return Result<void>();
      context.notice("listen.lost", "the device went away; waiting for it to come back", "");
      connected = co_await come_back(bus, context);
      if (connected) context.notice("listen.back", "the device is back", "");
    }
    co_return connected;
  }

  net::Task<void> send(Bytes data) override {
    if (!gatt_) co_return make_error(net::Errc::link_lost, "sending: not connected");
    co_return co_await gatt_->write(uuid_, std::move(data), clock_->now() + patience);
  }

 private:
  net::Task<void> connect(dbus::Bus& bus, SourceContext& context) {
    const net::TimePoint deadline = context.clock.now() + connect_time;
    AIOT_CO_TRY(bluez::Gatt gatt, co_await bluez::Gatt::connect(bus, device_, deadline));
    gatt_.emplace(std::move(gatt));
    auto handler = [this, &context](const Bytes& value) {
      Message message{.payload = text_of(value), .topic = uuid_, .from = device_};
      context.report(std::move(message));
    };
    AIOT_CO_TRY(subscription_, co_await gatt_->notify(uuid_, std::move(handler), deadline));
    co_return Result<void>();
  }

  net::Task<void> come_back(dbus::Bus& bus, SourceContext& context) {
    net::Duration pause = first_pause;
    for (;;) {
      Result<void> slept = co_await context.clock.sleep_for(pause);
      AIOT_CO_CHECK(std::move(slept));
      Result<void> connected = co_await connect(bus, context);
      if (connected) co_return connected;
      const Condition why = connected.error().condition();
      const bool patient =
          why == Condition::timeout || why == Condition::protocol || connected.error().retryable();
      if (!patient) co_return connected;
      pause = std::min<net::Duration>(2 * pause, longest_pause);
    }
  }

  /// A connection that was asked for is ended: it costs the device its battery.
  net::asio::awaitable<void> leave(const Error& why) {
    if (why.condition() != Condition::cancelled) co_return;
    co_await net::asio::this_coro::reset_cancellation_state();
    Result<void> gone = co_await gatt_->disconnect(clock_->now() + seconds(2));
    (void)gone;  // it may have left by itself
  }

  std::string bus_address_;
  std::string device_;
  std::string uuid_;
  bool reconnect_;
  net::Clock* clock_ = nullptr;
  std::optional<bluez::Gatt> gatt_;
  dbus::Bus::Subscription subscription_;
};

}  // namespace

Result<std::unique_ptr<Source>> make_ble_source(const Address& address, const Request& request,
                                                std::string bus_address) {
  AIOT_CHECK(check_settings(address, {}));
  const std::string_view path = address.path;
  const auto slash = path.find('/');
  const std::string device = upper(std::string(path.substr(0, slash)));
  const bool one_device = is_mac(device);
  if (!one_device && (device != "*" || slash != std::string_view::npos)) {
    return make_error(Errc::bad_setting, address.str(),
                      "write ble:* for all adverts, ble:AA:BB:CC:DD:EE:FF for one device's, or "
                      "ble:AA:BB:CC:DD:EE:FF/2a19 for a characteristic");
  }
  if (slash == std::string_view::npos) {
    ble::Keys keys;
    if (!request.keys_file.empty()) {
      AIOT_TRY(keys, config::read_bind_keys(request.keys_file));
    }
    return std::make_unique<AdvertSource>(std::move(bus_address), device, std::move(keys));
  }
  return std::make_unique<NotificationSource>(std::move(bus_address), device,
                                              std::string(path.substr(slash + 1)),
                                              request.reconnect.value_or(true));
}

Result<std::unique_ptr<Source>> make_ble_source(const Address& address, const Request& request) {
  return make_ble_source(address, request, std::string());
}

}  // namespace aiot::listen
