#pragma once

#include <unistd.h>

#include <cstdlib>
#include <string>

#include "net/dbus/bus.hpp"
#include "net/dbus/error.hpp"
#include "peer/net_child.hpp"
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

  /// Plays a scene of peer/bus_scene.py until the test ends; returns when it is set.
  bool play(const std::string& scene) {
    const std::string ready = (folder_.path() / scene).string();
    scenes_.push_back(std::make_unique<Child>(std::vector<std::string>{
        "/usr/bin/python3", AIOT_SOURCE_DIR "/tests/peer/bus_scene.py", address(), scene, ready}));
    return wait_for(ready);
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
  aiot::net::Task<std::shared_ptr<aiot::net::dbus::Bus>> open() {
    using namespace aiot::net;
    const auto executor = co_await asio::this_coro::executor;
    const TimePoint deadline = in(std::chrono::seconds(20));
    while (true) {
      auto bus = dbus::Bus::open(executor, address());
      if (bus) co_return std::make_shared<dbus::Bus>(*std::move(bus));
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
