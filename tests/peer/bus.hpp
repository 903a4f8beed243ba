#pragma once

#include <doctest/doctest.h>
#include <unistd.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <cstdlib>
#include <functional>
#include <string>

#include "dbus/bus.hpp"
#include "dbus/message.hpp"
#include "paths.hpp"
#include "peer/net_child.hpp"
#include "skip.hpp"
#include "unit/net/real_loop.hpp"

/// A message bus of the test's own, with services that python3-dbusmock plays.
class PrivateBus {
 public:
  PrivateBus()
      : daemon_({"dbus-daemon", "--session", "--nofork", "--nopidfile", "--address=" + address()}) {
  }

  std::string address() const { return "unix:path=" + (folder_.path() / "bus").string(); }

  /// "" when this machine has all it takes, else what to install.
  static std::string missing() {
    if (std::system("command -v dbus-daemon >/dev/null 2>&1") != 0)
      return "dbus-daemon is not here: apt-get install dbus-daemon";
    if (std::system("/usr/bin/python3 -c 'import dbusmock' >/dev/null 2>&1") != 0)
      return "dbusmock is not here: apt-get install python3-dbusmock";
    return {};
  }

  /// Plays a scene of peer/bus_scene.py until the test ends.
  void begin(const std::string& scene, const std::vector<std::string>& modes = {}) {
    const std::string ready = (folder_.path() / scene).string();
    std::vector<std::string> command{
        "/usr/bin/python3", aiot::tests::source_dir() + "/tests/peer/bus_scene.py", address(),
        scene, ready};
    command.insert(command.end(), modes.begin(), modes.end());
    scenes_.push_back(std::make_unique<Child>(command));
  }
  /// The same, and returns when it is set.
  bool play(const std::string& scene, const std::vector<std::string>& modes = {}) {
    begin(scene, modes);
    return wait_for((folder_.path() / scene).string());
  }
  /// Lets the scene go on to its next act.
  void cue(const std::string& scene) {
    wait_for((folder_.path() / scene).string());  // the act before has ended
    std::filesystem::remove(folder_.path() / scene);
  }
  /// The same, and returns when that is done.
  bool next(const std::string& scene) {
    cue(scene);
    return wait_for((folder_.path() / scene).string());
  }

  /// Connects as soon as the daemon listens.
  aiot::net::Task<std::shared_ptr<aiot::dbus::Bus>> open() {
    using namespace aiot::net;
    const auto executor = co_await asio::this_coro::executor;
    const TimePoint deadline = in(std::chrono::seconds(20));
    while (true) {
      auto bus = aiot::dbus::Bus::open(executor, address());
      if (bus) co_return std::make_shared<aiot::dbus::Bus>(*std::move(bus));
      if (steady_clock().now() > deadline) co_return std::move(bus).error();
      auto slept = co_await steady_clock().sleep_for(std::chrono::milliseconds(20));
      AIOT_CO_CHECK(std::move(slept));
    }
  }

 private:
  /// Looks every 20 ms, for half a minute.
  static bool wait_for(const std::string& file) {
    for (int i = 0; i < 1500; ++i) {
      if (std::filesystem::exists(file)) return true;
      ::usleep(20000);
    }
    return false;
  }

  TemporaryFolder folder_;
  Child daemon_;
  std::vector<std::unique_ptr<Child>> scenes_;
};

/// Leaves the test case where PrivateBus lacks something.
#define AIOT_NEED_PRIVATE_BUS()                                \
  do {                                                         \
    const std::string what_is_missing = PrivateBus::missing(); \
    if (!what_is_missing.empty()) AIOT_SKIP(what_is_missing);  \
  } while (false)

/// A bus, a loop and our connection to it: what tests of net/dbus begin with.
struct ConnectedBus {
  PrivateBus service;
  boost::asio::io_context context;
  std::shared_ptr<aiot::dbus::Bus> bus;

  ConnectedBus() {
    auto opened = run_real(context, [this] { return service.open(); });
    if (opened) bus = *std::move(opened);
    REQUIRE(bus != nullptr);
  }
  explicit ConnectedBus(const std::string& scene, const std::vector<std::string>& modes = {})
      : ConnectedBus() {
    REQUIRE(service.play(scene, modes));
  }

  template <class Session>
  auto run(Session session) {
    return run_real(context, std::move(session));
  }
};

/// A source of a job at work on a loop of its own: `work` is its run(), as a callable.
template <class T>
class SourceRun {
 public:
  explicit SourceRun(std::function<aiot::net::Task<T>()> work) : work_(std::move(work)) {
    namespace asio = boost::asio;
    asio::co_spawn(
        loop_,
        [this]() -> asio::awaitable<void> {
          co_await asio::this_coro::throw_if_cancelled(false);
          aiot::Result<T> result = co_await work_();
          ended.emplace(std::move(result));
        },
        asio::bind_cancellation_slot(cancel_.slot(), [](std::exception_ptr) {}));
  }
  /// Until `done()`, 30 s at most.
  bool run_until(const std::function<bool()>& done) {
    const auto end = in(std::chrono::seconds(30));
    while (!done() && loop_.run_one_until(end) != 0) {
    }
    return done();
  }
  bool run_to_end() {
    return run_until([this] { return ended.has_value(); });
  }
  bool stop() {
    cancel_.emit(boost::asio::cancellation_type::terminal);
    return run_to_end();
  }

  std::optional<aiot::Result<T>> ended;

 private:
  std::function<aiot::net::Task<T>()> work_;
  boost::asio::cancellation_signal cancel_;
  boost::asio::io_context loop_;  // goes first, with whatever still waits on it
};
