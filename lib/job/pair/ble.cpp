#include "job/pair/ble.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <memory>

#include "crypto/random.hpp"
#include "dbus/bluez.hpp"
#include "dbus/bond.hpp"
#include "job/pair/esp.hpp"
#include "job/pair/gatt_lines.hpp"
#include "job/pair/question.hpp"
#include "net/run_alone.hpp"
#include "protocol/ble/advert.hpp"
#include "protocol/ble/classic.hpp"
#include "protocol/improv/session.hpp"
#include "protocol/protocomm/session.hpp"
#include "protocol/setup_code/code.hpp"

// Bluetooth: what a device's GATT services offer, or a bond.
namespace aiot::pair {
namespace {

using provisioning::Errc;
using std::chrono::seconds;

constexpr seconds find_time{20};
constexpr seconds connect_time{20};
constexpr seconds services_time{10};
constexpr seconds bond_time{60};  ///< somebody may have to type a passkey
constexpr seconds unpair_time{10};

struct Cause {
  boost::system::error_code from;
  Errc to;
};

/// Bluetooth's errors by the causes that all pairing protocols have. What keeps this host from
/// using Bluetooth at all stays as it is: each of these has its own remedy.
Error by_cause(Error error) {
  const std::array<Cause, 11> causes = {{
      {make_error_code(bluez::Errc::no_device), Errc::not_found},
      {make_error_code(bluez::Errc::busy), Errc::busy},
      {make_error_code(bluez::Errc::unreachable), Errc::unreachable},
      {make_error_code(bluez::Errc::attribute), Errc::device_refused},
      {make_error_code(bluez::Errc::bond_failed), Errc::device_refused},
      {make_error_code(bluez::Errc::wrong_passkey), Errc::wrong_passkey},
      {make_error_code(bluez::Errc::bond_rejected), Errc::rejected_by_user},
      {make_error_code(bluez::Errc::bonded), Errc::already_paired},
      {make_error_code(bluez::Errc::no_passkey), Errc::missing_secret},
      {make_error_code(net::Errc::link_lost), Errc::link_lost},
      {make_error_code(net::Errc::timed_out), Errc::no_reply},
  }};
  if (error.code == make_error_code(bluez::Errc::bond_timeout))
    error.code = make_error_code(Errc::no_reply);
  const auto* cause = std::ranges::find(causes, error.code, &Cause::from);
  if (cause != causes.end()) error.code = make_error_code(cause->to);
  return error;
}

bool is_about_keys(const boost::system::error_code& code) {
  constexpr std::array codes = {bluez::Errc::bond_failed, bluez::Errc::wrong_passkey,
                                bluez::Errc::bond_rejected, bluez::Errc::no_passkey};
  return std::ranges::any_of(codes, [&](bluez::Errc one) { return code == make_error_code(one); });
}

std::optional<setup_code::Esp> esp_ble_code(const Target& target) {
  if (target.code.empty()) return std::nullopt;
  const auto code = setup_code::parse(target.code);
  const auto* esp = code ? std::get_if<setup_code::Esp>(&*code) : nullptr;
  return esp != nullptr && esp->transport == "ble" ? std::optional(*esp) : std::nullopt;
}

bool is_device(const Target& target, std::string_view scheme) {
  return target.address.scheme == scheme && parse_mac(target.address.path).has_value();
}

bluez::Wanted wanted_by(const Target& target, bluez::Radio radio) {
  bluez::Wanted wanted;
  wanted.address = target.address.path;
  if (const auto code = esp_ble_code(target); wanted.address.empty() && code)
    wanted.name = code->name;
  const auto adapter = target.address.query.find("adapter");
  if (adapter != target.address.query.end()) wanted.adapter = adapter->second;
  wanted.now = true;
  wanted.radio = radio;
  return wanted;
}

/// One device by Bluetooth, from its first advert to the end of the connection.
class BluetoothSession {
 public:
  BluetoothSession(Attempt& attempt, std::shared_ptr<dbus::Bus> bus)
      : attempt_(attempt), shared_bus_(std::move(bus)), bus_(*shared_bus_) {}

  net::Task<void> run(bluez::Radio radio) {
    bluez::Wanted wanted = wanted_by(attempt_.target, radio);
    Result<bluez::Advert> found =
        co_await bluez::find_device(bus_, std::move(wanted), in(find_time));
    if (!found) co_return by_cause(std::move(found).error());
    const bluez::Advert device = *std::move(found);
    attempt_.result.id = ble::address_text(device.address);
    attempt_.result.name = device.name;
    AIOT_CO_CHECK(attempt_.run.identify(attempt_.result.id));
    attempt_.flow.reached(Stage::found);
    Result<void> done;
    if (radio == bluez::Radio::le && !wants_bond(device)) {
      done = co_await by_services(device);
    } else {
      done = co_await bond(device, false);
    }
    bluez::hang_up_meanwhile(co_await net::asio::this_coro::executor, shared_bus_, device.path);
    co_return done;
  }

 private:
  net::TimePoint in(net::Duration time) { return attempt_.run.clock().now() + time; }

  /// What is reported of the bond is for a device that offers nothing else. The agent has to be
  /// there before the connection, over which BlueZ's own profiles may ask for a key at once.
  bool wants_bond(const bluez::Advert& device) const {
    const bool says_how = !attempt_.target.secrets.passkey.empty() || attempt_.request.io != "auto";
    return says_how && !offers_provisioning(device.service_uuids) && !esp_ble_code(attempt_.target);
  }

  net::Task<void> by_services(const bluez::Advert& device) {
    Result<bluez::Gatt> opened = co_await bluez::Gatt::open(bus_, device.path, in(connect_time));
    if (!opened) {
      Error error = std::move(opened).error();
      if (error.code == make_error_code(net::Errc::timed_out))
        error.code = make_error_code(Errc::unreachable);
      co_return by_cause(std::move(error));
    }
    bluez::Gatt gatt = *std::move(opened);
    attempt_.flow.reached(Stage::connected);
    GattEndpoints endpoints(bus_, gatt, attempt_.run.clock());
    Result<bool> is_esp = co_await endpoints.find(in(services_time));
    if (!is_esp) co_return by_cause(std::move(is_esp).error());
    if (*is_esp) co_return co_await provision_esp(endpoints);
    if (gatt.has_service(improv::service_uuid)) co_return co_await provision_improv(gatt);
    co_return co_await bond(device, true);
  }

  Result<void> require_wifi(std::string_view protocol) {
    attempt_.result.protocol = protocol;
    if (attempt_.request.wifi) return {};
    return make_error(Errc::missing_wifi, std::string(protocol),
                      "give the network's name and password in a file");
  }

  net::Task<void> provision_esp(GattEndpoints& endpoints) {
    AIOT_CO_CHECK(require_wifi("esp"));
    const protocomm::Plan plan = esp_plan(attempt_);
    protocomm::Random random = crypto::random_bytes;
    ConnectedFlow flow(attempt_.flow);
    co_return co_await protocomm::provision(endpoints, plan, flow, attempt_.result,
                                            std::move(random));
  }

  net::Task<void> provision_improv(bluez::Gatt& gatt) {
    AIOT_CO_CHECK(require_wifi("improv"));
    GattCharacteristics characteristics(gatt, attempt_.run.clock());
    improv::BleLine line(characteristics);
    Result<void> open = co_await line.open(in(services_time));
    if (!open) co_return by_cause(std::move(open).error());
    improv::Session session(line);
    ConnectedFlow flow(attempt_.flow);
    co_return co_await improv::provision(session, *attempt_.request.wifi, flow, attempt_.result);
  }

  net::Task<void> bond(const bluez::Advert& device, bool connected) {
    attempt_.result.protocol = "bond";
    const std::string passkey = attempt_.target.secrets.passkey;
    const bool may_ask = static_cast<bool>(attempt_.request.read_line);
    bluez::Io io = bluez::Io::keyboard_only;
    if (passkey.empty()) io = may_ask ? bluez::Io::keyboard_display : bluez::Io::no_input_no_output;
    if (attempt_.request.io != "auto") {
      const auto asked = bluez::parse_io(attempt_.request.io);
      if (!asked) {
        co_return make_error(Errc::bad_io, attempt_.request.io, "use auto, " + bluez::io_grammar());
      }
      io = *asked;
    }
    fleet::DeviceRun& run = attempt_.run;
    bluez::BondHelper helper;
    helper.passkey = passkey;
    helper.show = [&run](const std::string& shown) {
      run.notice("pair.type_passkey", fmt::format("type {} on the device", shown));
    };
    const net::asio::any_io_executor executor = co_await net::asio::this_coro::executor;
    Question question(executor, attempt_.request.read_line);
    if (may_ask) {
      helper.enter = [&run, &question](std::function<void(const std::string&)> answer) {
        const auto ask = [&run] {
          run.notice("pair.enter_passkey", "waiting for the passkey that the device shows",
                     "type it, then Enter; it is not shown");
        };
        question.put(ask, std::move(answer));
      };
    }
    helper.compare = [&run, &question, may_ask, passkey](const std::string& shown,
                                                         std::function<void(bool)> answer) {
      if (!passkey.empty()) return answer(passkey == shown);
      std::string text = fmt::format("this host shows {}", shown);
      if (!may_ask) {
        run.notice("pair.compare_number", std::move(text),
                   "compare it with the device's display; unpair the device when they differ");
        return answer(true);
      }
      const auto ask = [&run, text = std::move(text)] {
        run.notice("pair.compare_number", text,
                   "compare it with the device's display: type y when they are the same, else n, "
                   "then Enter");
      };
      question.put(ask, [answer = std::move(answer)](const std::string& line) {
        answer(line == "y" || line == "yes");
      });
    };
    Result<bluez::Bond> made =
        co_await bluez::make_bond(bus_, device, io, std::move(helper), in(bond_time));
    // BlueZ connects by itself for a bond; what it failed at shows whether it came so far.
    if (!connected && (made || is_about_keys(made.error().code)))
      attempt_.flow.reached(Stage::connected);
    if (!made) co_return by_cause(std::move(made).error());
    attempt_.flow.reached(Stage::authenticated);
    attempt_.flow.reached(Stage::joined);
    attempt_.flow.reached(Stage::confirmed);  // BlueZ lists it among its bonds
    PairResult& result = attempt_.result;
    if (!made->name.empty()) result.name = made->name;
    if (made->device_class) {
      const ble::DeviceClass kind = ble::device_class(*made->device_class);
      result.model = kind.minor.empty() ? std::string(kind.major)
                                        : fmt::format("{}: {}", kind.major, kind.minor);
    }
    for (const std::string& uuid : made->service_uuids)
      result.services.push_back(ble::service_name(uuid));
    std::ranges::sort(result.services);
    co_return Result<void>();
  }

  /// For a session that reports a link as open which was reported before.
  class ConnectedFlow final : public provisioning::Flow {
   public:
    explicit ConnectedFlow(provisioning::Flow& flow) : flow_(flow) {}
    void reached(Stage stage) override {
      if (stage != Stage::found && stage != Stage::connected) flow_.reached(stage);
    }
    void log(std::string text) override { flow_.log(std::move(text)); }

   private:
    provisioning::Flow& flow_;
  };

  Attempt& attempt_;
  std::shared_ptr<dbus::Bus> shared_bus_;
  dbus::Bus& bus_;
};

net::Task<void> pair_by_bluetooth(Attempt& attempt, bluez::Radio radio) {
  AIOT_CO_TRY(dbus::Bus bus, dbus::Bus::open(co_await net::asio::this_coro::executor, {}));
  BluetoothSession session(attempt, std::make_shared<dbus::Bus>(std::move(bus)));
  co_return co_await session.run(radio);
}

net::Task<void> remove_bond(const std::string& address, net::Clock& clock) {
  AIOT_CO_TRY(dbus::Bus bus, dbus::Bus::open(co_await net::asio::this_coro::executor, {}));
  co_return co_await bluez::remove_bond(bus, address, clock.now() + unpair_time);
}

}  // namespace

bool takes_ble(const Target& target) {
  return is_device(target, "ble") || (target.address.scheme.empty() && esp_ble_code(target));
}

net::Task<void> pair_ble(Attempt& attempt) { return pair_by_bluetooth(attempt, bluez::Radio::le); }

bool takes_bluetooth(const Target& target) { return is_device(target, "bluetooth"); }

net::Task<void> pair_bluetooth(Attempt& attempt) {
  return pair_by_bluetooth(attempt, bluez::Radio::bredr);
}

Result<void> unpair(const Address& device, std::stop_token stop) {
  constexpr std::array<std::string_view, 2> schemes = {"ble", "bluetooth"};
  AIOT_CHECK(require_scheme(device, schemes));
  if (!parse_mac(device.path)) {
    return make_error(Errc::no_protocol, device.str(), "write ble:AA:BB:CC:DD:EE:FF");
  }
  Result<void> done = net::run_alone<void>(
      [&] { return remove_bond(device.path, net::steady_clock()); }, std::move(stop));
  if (!done) return by_cause(std::move(done).error());
  return {};
}

}  // namespace aiot::pair
