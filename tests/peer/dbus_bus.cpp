// sd-bus behind our face, against Debian's dbus-daemon.
#include <doctest/doctest.h>

#include "core/error_codes.hpp"
#include "peer/bus.hpp"
#include "skip.hpp"
#include "unit/net/show.hpp"

using namespace aiot;
using namespace aiot::net;
using namespace std::chrono_literals;

namespace {

constexpr const char* driver = "org.freedesktop.DBus";

dbus::Call to_driver(std::string method, std::string signature = {}, Array arguments = {}) {
  return {driver,
          "/org/freedesktop/DBus",
          driver,
          std::move(method),
          std::move(signature),
          std::move(arguments)};
}

}  // namespace

TEST_CASE("a bus that is not there says so") {
  asio::io_context context;
  auto bus = dbus::Bus::open(context.get_executor(), "unix:path=/nowhere/bus");
  if (!bus && bus.error().code == make_error_code(core::Errc::no_module))
    AIOT_SKIP("libsystemd is not here: apt-get install libsystemd0");
  REQUIRE(!bus);
  CHECK(bus.error().code == make_error_code(dbus::Errc::no_bus));
  CHECK(bus.error().hint.find("systemctl start dbus") != std::string::npos);
}

TEST_CASE("calls, errors and signals on a real bus") {
  AIOT_NEED_PRIVATE_BUS();
  ConnectedBus here;
  const std::shared_ptr<dbus::Bus> bus = here.bus;

  auto call = [&](dbus::Call what) {
    return here.run([&]() -> Task<Array> { co_return co_await bus->call(what, in(20s)); });
  };
  auto names = call(to_driver("ListNames"));
  REQUIRE(names.has_value());
  REQUIRE(names->size() == 1);
  REQUIRE(names->front().array() != nullptr);
  CHECK(names->front().array()->size() == 2);  // the daemon's and ours

  auto unknown = call(to_driver("NoSuchMethod"));
  REQUIRE(!unknown);
  CHECK(unknown.error().code == make_error_code(dbus::Errc::no_object));
  CHECK(unknown.error().context.find("NoSuchMethod") != std::string::npos);
  auto nobody = call({"org.nobody", "/", "org.nobody", "Hello"});
  REQUIRE(!nobody);
  CHECK(nobody.error().code == make_error_code(dbus::Errc::no_service));
  auto wrong = call(to_driver("GetNameOwner", "s", {std::uint64_t{5}}));
  REQUIRE(!wrong);
  CHECK(wrong.error().code == make_error_code(dbus::Errc::bad_message));

  std::vector<std::string> heard;
  auto subscription = bus->subscribe(
      "type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='aiot.test'",
      [&](const dbus::Signal& signal) { heard.push_back(signal.member); });
  REQUIRE(subscription.has_value());
  const Array request{"aiot.test", std::uint64_t{0}};
  CHECK(call(to_driver("RequestName", "su", request)).has_value());
  CHECK(call(to_driver("ListNames")).has_value());
  CHECK(heard == std::vector<std::string>{"NameOwnerChanged"});
  subscription->reset();
  CHECK(call(to_driver("ReleaseName", "s", {"aiot.test"})).has_value());
  CHECK(call(to_driver("ListNames")).has_value());
  CHECK(heard.size() == 1);
}

TEST_CASE("a service that never answers is given up at the deadline; one bus after another") {
  AIOT_NEED_PRIVATE_BUS();
  PrivateBus service;
  asio::io_context context;
  auto silent = run_real(context, [&] { return service.open(); });
  auto asking = run_real(context, [&] { return service.open(); });
  REQUIRE(silent.has_value());
  REQUIRE(asking.has_value());
  // The first takes a name and is then not served any more: nobody runs its side of the loop.
  const Array request{"aiot.silent", std::uint64_t{0}};
  auto named = run_real(context, [&]() -> Task<Array> {
    co_return co_await (*silent)->call(to_driver("RequestName", "su", request), in(20s));
  });
  REQUIRE(named.has_value());
  auto listener = run_real(context, [&]() -> Task<Array> {
    dbus::Call call("aiot.silent", "/", "aiot.silent", "Hello");
    co_return co_await (*asking)->call(std::move(call), in(50ms));
  });
  // sd-bus itself answers for an object that nobody put there.
  REQUIRE(!listener);
  asking->reset();
  silent->reset();
  CHECK(run_real(context, [&] { return service.open(); }).has_value());
}
