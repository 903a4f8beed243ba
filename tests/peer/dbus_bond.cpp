// Bonds and connections that fail, on BlueZ as fake_bluez.py plays it.
#include <doctest/doctest.h>

#include <algorithm>
#include <boost/asio/steady_timer.hpp>

#include "dbus/bluez.hpp"
#include "dbus/bond.hpp"
#include "dbus/gatt.hpp"
#include "peer/bus.hpp"
#include "unit/net/show.hpp"

using namespace aiot;
using namespace aiot::net;
using namespace std::chrono_literals;

namespace {

constexpr const char* address = "A4:C1:38:00:00:01";

struct FakeBluez : ConnectedBus {
  explicit FakeBluez(const std::vector<std::string>& modes) : ConnectedBus("fake_bluez", modes) {}

  /// What it was asked so far.
  std::vector<std::string> calls() {
    const auto reply = run([this]() -> Task<Array> {
      dbus::Call call("org.bluez", "/", "aiot.Fake", "Calls");
      co_return co_await bus->call(std::move(call), in(20s));
    });
    std::vector<std::string> out;
    if (!reply) return out;
    for (const Value& one : *reply->front().array()) out.push_back(*one.string());
    return out;
  }
  bool was_asked(const std::string& what) {
    const auto all = calls();
    return std::ranges::find(all, what) != all.end();
  }

  /// The device, as a search finds it.
  bluez::Advert find(bluez::Radio radio = bluez::Radio::le) {
    const auto found = run([&]() -> Task<bluez::Advert> {
      bluez::Wanted wanted{.address = address, .now = true, .radio = radio};
      co_return co_await bluez::find_device(*bus, std::move(wanted), in(20s));
    });
    REQUIRE(found.has_value());
    return *found;
  }

  Result<bluez::Bond> bond(bluez::Io io, const bluez::BondHelper& helper,
                           std::chrono::milliseconds time = 20s) {
    const bluez::Advert device = find();
    return run([&]() -> Task<bluez::Bond> {
      co_return co_await bluez::make_bond(*bus, device, io, helper, in(time));
    });
  }
  bool is_bonded() {
    const auto device =
        run([&]() -> Task<Object> { co_return co_await bluez::managed_objects(*bus, in(20s)); });
    REQUIRE(device.has_value());
    for (const auto& [path, interfaces] : device->fields()) {
      if (dbus::truth_field(dbus::object_field(*interfaces.object(), bluez::device_interface),
                            "Paired"))
        return true;
    }
    return false;
  }
};

}  // namespace

TEST_CASE("a bond that just works, and its end") {
  AIOT_NEED_PRIVATE_BUS();
  FakeBluez bluez({"pair=just-works", "classic"});
  const auto bond = bluez.bond(bluez::Io::no_input_no_output, {});
  REQUIRE(bond.has_value());
  CHECK(bond->device_class == 0x240414);
  CHECK(bond->service_uuids.size() == 2);
  CHECK(bluez.is_bonded());
  CHECK(bluez.calls() == std::vector<std::string>{"Transport le", "RegisterAgent NoInputNoOutput",
                                                  "Pair", "UnregisterAgent"});
  auto unpair = [&] {
    return bluez.run([&]() -> Task<void> {
      co_return co_await bluez::remove_bond(*bluez.bus, "a4:c1:38:00:00:01", in(20s));
    });
  };
  CHECK(unpair().has_value());
  CHECK(!bluez.is_bonded());
  const auto none = unpair();
  REQUIRE(!none);
  CHECK(none.error().code == make_error_code(bluez::Errc::no_device));
}

TEST_CASE("passkeys are entered, shown and compared") {
  AIOT_NEED_PRIVATE_BUS();
  struct Case {
    const char* mode;
    bluez::Io io;
    const char* capability;
    const char* passkey;
    const char* shown;
  };
  const Case cases[] = {
      {"pair=passkey", bluez::Io::keyboard_only, "KeyboardOnly", "123456", ""},
      {"pair=pin", bluez::Io::keyboard_display, "KeyboardDisplay", "1234", ""},
      {"pair=display", bluez::Io::display_only, "DisplayOnly", "", "654321"},
      {"pair=display-pin", bluez::Io::display_only, "DisplayOnly", "", "4711"},
      {"pair=compare", bluez::Io::display_yes_no, "DisplayYesNo", "", "000042"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.mode);
    FakeBluez bluez({one.mode});
    std::string shown;
    bluez::BondHelper helper;
    helper.passkey = one.passkey;
    helper.show = [&](const std::string& text) { shown = text; };
    helper.compare = [&](const std::string& text, const std::function<void(bool)>& answer) {
      shown = text;
      answer(true);
    };
    CHECK(bluez.bond(one.io, helper).has_value());
    CHECK(shown == one.shown);
    CHECK(bluez.was_asked(std::string("RegisterAgent ") + one.capability));
  }
}

TEST_CASE("each failure has its cause, and leaves no bond behind") {
  AIOT_NEED_PRIVATE_BUS();
  struct Case {
    const char* mode;
    const char* passkey;
    bluez::Errc cause;
  };
  const Case cases[] = {
      {"pair=AuthenticationFailed", "", bluez::Errc::bond_failed},
      {"pair=AuthenticationRejected", "", bluez::Errc::bond_rejected},
      {"pair=AuthenticationCanceled", "", bluez::Errc::bond_rejected},
      {"pair=AuthenticationTimeout", "", bluez::Errc::bond_timeout},
      {"pair=ConnectionAttemptFailed", "", bluez::Errc::unreachable},
      {"pair=InProgress", "", bluez::Errc::busy},
      {"pair=passkey", "123457", bluez::Errc::wrong_passkey},
      {"pair=passkey", "", bluez::Errc::no_passkey},
      {"pair=passkey", "12a456", bluez::Errc::wrong_passkey},
      {"pair=pin", "", bluez::Errc::no_passkey},
      {"pair=compare", "", bluez::Errc::wrong_passkey},
  };
  for (const Case& one : cases) {
    CAPTURE(one.mode);
    FakeBluez bluez({one.mode});
    bluez::BondHelper helper;
    helper.passkey = one.passkey;
    helper.compare = [](const std::string&, const std::function<void(bool)>& answer) {
      answer(false);
    };
    const auto bond = bluez.bond(bluez::Io::keyboard_display, helper);
    REQUIRE(!bond);
    INFO(bond.error().message());
    CHECK(bond.error().stable_code() == make_error(one.cause).stable_code());
    CHECK(bluez.was_asked("RemoveDevice"));
    CHECK(bluez.was_asked("UnregisterAgent"));
    CHECK(!bluez.is_bonded());
  }
}

TEST_CASE("a bond that is there stays; a device that falls silent is given up") {
  AIOT_NEED_PRIVATE_BUS();
  {
    FakeBluez bluez({"known"});
    const auto bond = bluez.bond(bluez::Io::no_input_no_output, {});
    REQUIRE(!bond);
    CHECK(bond.error().code == make_error_code(bluez::Errc::bonded));
    CHECK(bluez.is_bonded());
    CHECK(!bluez.was_asked("RemoveDevice"));
  }
  FakeBluez bluez({"pair=silent"});
  const auto late = bluez.bond(bluez::Io::no_input_no_output, {}, 300ms);
  REQUIRE(!late);
  CHECK(late.error().code == make_error_code(Errc::timed_out));
  CHECK(bluez.was_asked("CancelPairing"));
  CHECK(bluez.was_asked("RemoveDevice"));
}

TEST_CASE("a bond that BlueZ makes while it connects counts") {
  AIOT_NEED_PRIVATE_BUS();
  FakeBluez bluez({"connect-bonds"});
  const bluez::Advert device = bluez.find();
  const auto bond = bluez.run([&]() -> Task<bluez::Bond> {
    AIOT_CO_TRY(const auto gatt, co_await bluez::Gatt::open(*bluez.bus, device.path, in(20s)));
    bluez::BondHelper helper;
    co_return co_await bluez::make_bond(*bluez.bus, device, bluez::Io::no_input_no_output,
                                        std::move(helper), in(20s));
  });
  REQUIRE(bond.has_value());
  CHECK(bond->name == "Sensor");
  CHECK(!bluez.was_asked("Pair"));
  CHECK(!bluez.was_asked("RemoveDevice"));
}

TEST_CASE("a number that the device does not confirm is a refusal") {
  AIOT_NEED_PRIVATE_BUS();
  FakeBluez bluez({"pair=compare-refused"});
  bluez::BondHelper helper;
  helper.compare = [](const std::string&, const std::function<void(bool)>& answer) {
    answer(true);
  };
  const auto bond = bluez.bond(bluez::Io::display_yes_no, helper);
  REQUIRE(!bond);
  CHECK(bond.error().code == make_error_code(bluez::Errc::bond_rejected));
  CHECK(!bluez.is_bonded());
}

TEST_CASE("a bond that is called off is undone") {
  AIOT_NEED_PRIVATE_BUS();
  FakeBluez bluez({"pair=display"});
  const bluez::Advert device = bluez.find();
  std::optional<Result<bluez::Bond>> ended;
  asio::cancellation_signal cancel;
  bluez::BondHelper helper;
  helper.show = [&](const std::string&) { cancel.emit(asio::cancellation_type::terminal); };
  asio::co_spawn(
      bluez.context,
      [&]() -> asio::awaitable<void> {
        co_await asio::this_coro::throw_if_cancelled(false);
        Result<bluez::Bond> bond =
            co_await bluez::make_bond(*bluez.bus, device, bluez::Io::display_only, helper, in(20s));
        ended.emplace(std::move(bond));
      },
      asio::bind_cancellation_slot(cancel.slot(), [](std::exception_ptr) {}));
  bluez.context.restart();
  const TimePoint end = in(20s);
  while (!ended && bluez.context.run_one_until(end) != 0) {
  }
  REQUIRE(ended.has_value());
  REQUIRE(!*ended);
  CHECK(ended->error().condition() == Condition::cancelled);
  CHECK(bluez.was_asked("RemoveDevice"));
  CHECK(!bluez.is_bonded());
}

TEST_CASE("a connection that fails says why, and is let go") {
  AIOT_NEED_PRIVATE_BUS();
  struct Case {
    const char* mode;
    bluez::Errc cause;
  };
  const Case cases[] = {
      {"connect=le-connection-abort-by-local", bluez::Errc::busy},
      {"connect=le-connection-busy", bluez::Errc::busy},
      {"connect=le-connection-timeout", bluez::Errc::unreachable},
      {"connect=br-connection-page-timeout", bluez::Errc::unreachable},
  };
  for (const Case& one : cases) {
    CAPTURE(one.mode);
    FakeBluez bluez({one.mode});
    const std::string path = bluez.find().path;
    const auto gatt = bluez.run([&]() -> Task<bluez::Gatt> {
      co_return co_await bluez::Gatt::open(*bluez.bus, path, in(20s));
    });
    REQUIRE(!gatt);
    CHECK(gatt.error().code == make_error_code(one.cause));
    CHECK(!gatt.error().hint.empty());
    CHECK(bluez.was_asked("Disconnect"));
  }
}

TEST_CASE("characteristics have descriptions, and errors of their own") {
  AIOT_NEED_PRIVATE_BUS();
  auto open = [](FakeBluez& bluez) {
    const std::string path = bluez.find().path;
    auto gatt = bluez.run([&]() -> Task<bluez::Gatt> {
      co_return co_await bluez::Gatt::open(*bluez.bus, path, in(20s));
    });
    REQUIRE(gatt.has_value());
    return *std::move(gatt);
  };
  {
    FakeBluez bluez({});
    bluez::Gatt gatt = open(bluez);
    CHECK(gatt.has_service("180f"));
    CHECK(!gatt.has_service("1800"));
    REQUIRE(gatt.characteristics().size() == 1);
    const bluez::Characteristic level = gatt.characteristics().front();
    CHECK(bluez::short_uuid(level.service) == "180f");
    const auto name = bluez.run([&] { return gatt.description(level, in(20s)); });
    REQUIRE(name.has_value());
    CHECK(*name == "level");
    CHECK(bluez.run([&] { return gatt.write("2a19", Bytes{1}, in(20s)); }).has_value());
    CHECK(bluez.was_asked("WriteValue request"));
  }
  struct Case {
    const char* mode;
    boost::system::error_code cause;
  };
  const Case cases[] = {
      {"att=Operation failed with ATT error: 0x04", make_error_code(bluez::Errc::attribute)},
      {"lost", make_error_code(Errc::link_lost)},
      {"silent", make_error_code(Errc::timed_out)},
  };
  for (const Case& one : cases) {
    CAPTURE(one.mode);
    FakeBluez bluez({one.mode});
    bluez::Gatt gatt = open(bluez);
    const auto written = bluez.run([&] { return gatt.write("2a19", Bytes{1}, in(500ms)); });
    REQUIRE(!written);
    CHECK(written.error().code == one.cause);
  }
}

TEST_CASE("a device is found by its name; one that is not heard now is not taken from memory") {
  AIOT_NEED_PRIVATE_BUS();
  {
    FakeBluez bluez({});
    const auto found = bluez.run([&]() -> Task<bluez::Advert> {
      bluez::Wanted wanted{
          .name = "Sensor", .adapter = "hci0", .now = true, .radio = bluez::Radio::both};
      co_return co_await bluez::find_device(*bluez.bus, std::move(wanted), in(20s));
    });
    REQUIRE(found.has_value());
    CHECK(found->address == *parse_mac(address));
    CHECK(bluez.was_asked("Transport auto"));
  }
  FakeBluez bluez({"hidden"});
  const auto found = bluez.run([&]() -> Task<bluez::Advert> {
    bluez::Wanted wanted{.address = address, .now = true};
    co_return co_await bluez::find_device(*bluez.bus, std::move(wanted), in(300ms));
  });
  REQUIRE(!found);
  CHECK(found.error().code == make_error_code(bluez::Errc::no_device));
}
