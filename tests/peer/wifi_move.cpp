// This machine's Wi-Fi, moved to a device's access point and back through NetworkManager and
// wpa_supplicant as python3-dbusmock plays them.
#include <sys/stat.h>
#include <sys/wait.h>

#include <csignal>
#include <fstream>

#include "dbus/wifi_join.hpp"
#include "job/pair/wifi_join.hpp"
#include "peer/bus.hpp"

using namespace aiot;
using namespace aiot::net;
using namespace std::chrono_literals;

namespace {

/// A bus that counts as this machine's, and a folder for the record.
struct Machine : ConnectedBus {
  explicit Machine(const std::string& scene) : ConnectedBus(scene) {
    ::setenv("DBUS_SYSTEM_BUS_ADDRESS", service.address().c_str(), 1);
    ::setenv("XDG_STATE_HOME", folder.path().c_str(), 1);
  }
  ~Machine() {
    ::unsetenv("DBUS_SYSTEM_BUS_ADDRESS");
    ::unsetenv("XDG_STATE_HOME");
  }
  Result<std::unique_ptr<pair::AccessPointVisit>> visit(const std::string& password) {
    const pair::WifiCredentials network{"PROV_1234", password, "wpa2", false};
    return run([&]() -> Task<std::unique_ptr<pair::AccessPointVisit>> {
      co_return co_await pair::AccessPointVisit::begin(network, steady_clock());
    });
  }
  bool has_record() const { return std::filesystem::exists(pair::wifi_record_path()); }
  std::string record() const {
    std::ifstream file(pair::wifi_record_path());
    return std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  }
  /// The arguments of all calls of a mock's method, one after the other.
  std::string calls(const char* name, std::string path, const char* method) {
    std::string out;
    auto replies = run([&]() -> Task<Array> {
      Array arguments{method};
      dbus::Call call(name, std::move(path), "org.freedesktop.DBus.Mock", "GetMethodCalls", "s",
                      std::move(arguments));
      co_return co_await bus->call(std::move(call), in(20s));
    });
    REQUIRE(replies.has_value());
    for (const Value& one : *replies->front().array()) {
      for (const Value& argument : *one.array()->at(1).array())
        if (argument.string() != nullptr) out += *argument.string() + " ";
    }
    return out;
  }

  TemporaryFolder folder;
};

constexpr const char* supplicant = "fi.w1.wpa_supplicant1";
constexpr const char* card = "/fi/w1/wpa_supplicant1/Interfaces/0";
constexpr const char* manager = "org.freedesktop.NetworkManager";
constexpr const char* manager_root = "/org/freedesktop/NetworkManager";

/// 1: Wi-Fi was brought back; 0: there was nothing to undo; -1: an error.
int restored() {
  const Result<bool> done = pair::restore_wifi({});
  return done.has_value() ? (*done ? 1 : 0) : -1;
}

}  // namespace

TEST_CASE("wpa_supplicant: to the access point and back") {
  AIOT_NEED_PRIVATE_BUS();
  Machine here("supplicant_join");
  auto visit = here.visit("secret-pass");
  REQUIRE(visit.has_value());
  struct stat status {};
  REQUIRE(::stat(pair::wifi_record_path().c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  CHECK(here.record().find("secret-pass") == std::string::npos);
  CHECK(here.record().find("Networks/1") != std::string::npos);
  CHECK(pair::wifi_left_behind() == "lo");
  CHECK(here.run([&] { return (*visit)->leave(); }).has_value());
  CHECK(!here.has_record());
  CHECK(here.calls(supplicant, card, "SelectNetwork") ==
        std::string(card) + "/Networks/1 " + card + "/Networks/0 ");
  CHECK(here.calls(supplicant, card, "RemoveNetwork") == std::string(card) + "/Networks/1 ");
}

TEST_CASE("wpa_supplicant: a wrong password is an error of its own, and the way back is taken") {
  AIOT_NEED_PRIVATE_BUS();
  Machine here("supplicant_join");
  const auto visit = here.visit("secret-word");
  REQUIRE(!visit.has_value());
  CHECK(visit.error().stable_code() == "wifi.wrong_password");
  CHECK(visit.error().message().find("secret-word") == std::string::npos);
  CHECK(!here.has_record());
  CHECK(here.calls(supplicant, card, "RemoveNetwork") == std::string(card) + "/Networks/1 ");
  CHECK(pair::host_wifi({}).error().stable_code() == "wifi.no_secret");
}

TEST_CASE("NetworkManager: there and back, a wrong password, this machine's own network") {
  AIOT_NEED_PRIVATE_BUS();
  Machine here("network_manager_join");
  auto visit = here.visit("secret-pass");
  REQUIRE(visit.has_value());
  CHECK(here.record().find("Settings/7") != std::string::npos);
  CHECK(here.run([&] { return (*visit)->leave(); }).has_value());
  CHECK(here.calls(manager, manager_root, "ActivateConnection")
            .starts_with("/org/freedesktop/NetworkManager/Settings/7 "));
  CHECK(!here.has_record());
  visit->reset();
  const auto wrong = here.visit("secret-word");
  REQUIRE(!wrong.has_value());
  CHECK(wrong.error().stable_code() == "wifi.wrong_password");
  CHECK(!here.has_record());
  const auto own = pair::host_wifi({});
  REQUIRE(own.has_value());
  CHECK(own->ssid == "home");
  CHECK(own->password == "home-pass");
}

TEST_CASE("a run that was killed leaves a record, by which the next one brings Wi-Fi back") {
  AIOT_NEED_PRIVATE_BUS();
  Machine here("supplicant_join");
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    boost::asio::io_context loop;
    const pair::WifiCredentials network{"PROV_1234", "secret-pass", "wpa2", false};
    const auto visit = run_real(loop, [&]() -> Task<std::unique_ptr<pair::AccessPointVisit>> {
      co_return co_await pair::AccessPointVisit::begin(network, steady_clock());
    });
    if (visit.has_value()) ::raise(SIGKILL);
    ::_exit(1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  CHECK(pair::wifi_left_behind() == "lo");
  const auto second = here.visit("secret-pass");
  REQUIRE(!second.has_value());
  CHECK(second.error().stable_code() == "pair.unreachable");
  CHECK(restored() == 1);
  CHECK(!here.has_record());
  CHECK(here.calls(supplicant, card, "SelectNetwork").ends_with("/Networks/0 "));
  CHECK(restored() == 0);
}

TEST_CASE("a visit that is cancelled still goes back") {
  AIOT_NEED_PRIVATE_BUS();
  Machine here("supplicant_join");
  bool there = false;
  SourceRun<void> work([&]() -> Task<void> {
    const pair::WifiCredentials network{"PROV_1234", "secret-pass", "wpa2", false};
    auto visit = co_await pair::AccessPointVisit::begin(network, steady_clock());
    if (!visit) co_return std::move(visit).error();
    there = true;
    Result<void> slept = co_await steady_clock().sleep_for(60s);
    CHECK(!slept.has_value());
    co_return co_await (*visit)->leave();
  });
  REQUIRE(work.run_until([&] { return there; }));
  CHECK(here.has_record());
  REQUIRE(work.stop());
  CHECK(work.ended->error().condition() == Condition::cancelled);
  CHECK(!here.has_record());
  CHECK(here.calls(supplicant, card, "SelectNetwork").ends_with("/Networks/0 "));
}

TEST_CASE("what wpa_supplicant says of a handshake") {
  const auto verdict = [](std::initializer_list<Object> changes, bool sae = false) {
    wifi::Handshake handshake;
    handshake.begin(sae);
    for (const Object& one : changes) handshake.on_properties(one);
    return std::string(handshake.refused() ? "refused" : handshake.completed() ? "completed" : "");
  };
  CHECK(verdict({{{"State", "4way_handshake"}}, {{"State", "completed"}}}) == "completed");
  CHECK(verdict({{{"State", "4way_handshake"}}, {{"State", "disconnected"}}}) == "refused");
  CHECK(verdict({{{"State", "4way_handshake"}}, {{"DisconnectReason", -15}}}) == "refused");
  // Leaving the network before is no refusal.
  CHECK(verdict({{{"State", "disconnected"}, {"DisconnectReason", -3}}, {{"State", "scanning"}}}) ==
        "");
  CHECK(verdict({{{"AuthStatusCode", 1}}}) == "");
  CHECK(verdict({{{"State", "authenticating"}}, {{"AuthStatusCode", 1}}}, true) == "refused");
  // hostapd and wpa_supplicant 2.10: hash to element begins with a status of its own.
  CHECK(verdict({{{"State", "authenticating"}}, {{"AuthStatusCode", 126}}}, true) == "");
  CHECK(verdict({{{"State", "authenticating"}}, {{"AuthStatusCode", 76}}}, true) == "");
}
