// Debian's wpa_supplicant, an enrollee nobody here wrote, over TCP on a wired interface: it waits
// for our configurator, and it begins. What it got is what it writes to its log.
#include <doctest/doctest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <map>
#include <stop_token>
#include <string>
#include <thread>

#include "aiot/pair.hpp"
#include "network_namespace.hpp"
#include "peer/net_child.hpp"
#include "skip.hpp"
#include "unit/net/real_loop.hpp"

using namespace aiot;

namespace {

const char* const program = "/usr/sbin/wpa_supplicant";

std::string missing_programs() {
  for (const char* name : {program, "/usr/sbin/wpa_cli"}) {
    if (::access(name, X_OK) != 0)
      return std::string(name) + " is not here: apt-get install wpasupplicant";
  }
  return {};
}

/// One wpa_supplicant with its control socket.
class Supplicant {
 public:
  explicit Supplicant(const std::string& interface) : interface_(interface) {
    folder_.write("conf", "ctrl_interface=" + (folder_.path() / "ctl").string() +
                              "\ndpp_config_processing=0\n");
    child_ = std::make_unique<Child>(std::vector<std::string>{"stdbuf", "-oL", program, "-D",
                                                              "wired", "-i", interface, "-c",
                                                              (folder_.path() / "conf").string()});
    for (int i = 0; i < 200 && !std::filesystem::exists(folder_.path() / "ctl" / interface); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(25));
    REQUIRE(ask("ping") == "PONG");
  }
  /// The answer to a command, without its line's end.
  std::string ask(const std::string& command) const {
    const std::string line = "/usr/sbin/wpa_cli -p '" + (folder_.path() / "ctl").string() +
                             "' -i " + interface_ + " " + command;
    std::string answer;
    FILE* pipe = ::popen(line.c_str(), "r");
    REQUIRE(pipe != nullptr);
    std::array<char, 512> buffer{};
    while (std::fgets(buffer.data(), buffer.size(), pipe) != nullptr) answer += buffer.data();
    ::pclose(pipe);
    while (answer.ends_with('\n')) answer.pop_back();
    return answer;
  }
  /// The number that a command gives what it made.
  std::string number(const std::string& command) const {
    std::string answer = ask(command);
    REQUIRE_MESSAGE((!answer.empty() && answer != "FAIL"), command);
    return answer;
  }
  /// A code of its own.
  std::string code(const std::string& more = {}) {
    return ask("dpp_bootstrap_get_uri " + number("dpp_bootstrap_gen type=qrcode" + more));
  }
  bool says(const std::string& text) { return child_->says(text); }

 private:
  TemporaryFolder folder_;
  std::string interface_;
  std::unique_ptr<Child> child_;
};

/// Does nothing with events, but for notices that name this host's code.
class Events final : public EventSink {
 public:
  explicit Events(std::function<void(const std::string& code)> waiting = {})
      : waiting_(std::move(waiting)) {}
  void on_event(const Event& event) override {
    const auto* notice = std::get_if<event::Notice>(&event);
    if (notice == nullptr || !waiting_) return;
    const auto at = notice->text.find("DPP:");
    if (at != std::string::npos) waiting_(notice->text.substr(at));
  }

 private:
  std::function<void(const std::string&)> waiting_;
};

struct Outcome {
  std::string error;  ///< its stable code
  pair::PairResult result;
};
Outcome pair_one(const std::string& code, const std::string& at, const std::string& security,
                 EventSink& sink) {
  pair::Target target;
  target.code = code;
  target.address = *parse_address(at);
  pair::Request request;
  request.wifi = pair::WifiCredentials{"home", "secret-pass", security, false};
  request.timeout = std::chrono::seconds(20);
  const auto report = pair::run(std::span(&target, 1), request, sink, {});
  if (!report) return {report.error().stable_code(), {}};
  const auto& device = report->devices.front();
  return {device.error ? device.error->stable_code() : "", device.result};
}

bool reached(const pair::PairResult& result, pair::Stage stage) {
  return std::ranges::find(result.stages, stage, &pair::StageTime::stage) != result.stages.end();
}

/// hex of "secret-pass"
const std::string peer_password = "DPP-CONFOBJ-PASS 7365637265742d70617373";

#define AIOT_DPP_NETWORK()                                        \
  NetworkNamespace network;                                       \
  if (!network.refusal().empty()) AIOT_SKIP(network.refusal());   \
  if (!missing_programs().empty()) AIOT_SKIP(missing_programs()); \
  REQUIRE(network.add_interface("dev0", "10.77.0.1/24"))

}  // namespace

TEST_CASE("wpa_supplicant waits, and is configured") {
  AIOT_DPP_NETWORK();
  Supplicant peer("dev0");
  const std::string code = peer.code();
  const std::string p384 = peer.code(" curve=secp384r1");
  const std::string brainpool = peer.code(" curve=brainpoolP256r1");
  REQUIRE(peer.ask("dpp_controller_start role=enrollee") == "OK");
  Events events;
  const std::map<std::string, std::string> akm_of = {
      {"wpa2", "psk"}, {"wpa3", "sae"}, {"wpa2/wpa3", "psk+sae"}, {"", "psk+sae"}};
  for (const auto& [security, akm] : akm_of) {
    CAPTURE(security);
    const Outcome outcome = pair_one(code, "tcp://127.0.0.1", security, events);
    CHECK(outcome.error == "");
    CHECK(outcome.result.name == "Test");
    CHECK(reached(outcome.result, pair::Stage::credentials_sent));
    CHECK(peer.says("DPP-CONF-RECEIVED"));
    CHECK(peer.says("DPP-CONFOBJ-AKM " + akm + "\n"));
    CHECK(peer.says("DPP-CONFOBJ-SSID home"));
    CHECK(peer.says(peer_password));
  }
  CHECK(pair_one(p384, "tcp://127.0.0.1:8908", "wpa2", events).error == "");
  CHECK(pair_one(brainpool, "tcp://127.0.0.1:8908", "wpa2", events).error == "");

  // A code of another device: it closes the link, and says nothing.
  const std::string other =
      "DPP:V:2;K:MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgACCcWFqRtN+f0loEUgGIXDnMXPrjl92u2pV97Ff6DjUD8=;"
      ";";
  const Outcome wrong = pair_one(other, "tcp://127.0.0.1", "wpa2", events);
  CHECK(wrong.error == "pair.wrong_proof");
  CHECK(wrong.result.seconds < 1);

  // One that is no enrollee now.
  REQUIRE(peer.ask("dpp_controller_stop") == "OK");
  CHECK(pair_one(code, "tcp://127.0.0.1", "wpa2", events).error == "pair.unreachable");
  REQUIRE(peer.ask("dpp_controller_start role=configurator") == "OK");
  CHECK(pair_one(code, "tcp://127.0.0.1", "wpa2", events).error == "pair.window_closed");
}

TEST_CASE("wpa_supplicant begins, and is configured") {
  AIOT_DPP_NETWORK();
  Supplicant peer("dev0");
  const std::string own = peer.number("dpp_bootstrap_gen type=qrcode");
  const std::string code = peer.ask("dpp_bootstrap_get_uri " + own);
  const std::string stranger = peer.number("dpp_bootstrap_gen type=qrcode");
  // It asks with another key first, which ends nothing.
  Events events([&](const std::string& host) {
    const std::string id = peer.number("dpp_qr_code '" + host + "'");
    for (const std::string& key : {stranger, own}) {
      CHECK(peer.ask("dpp_auth_init peer=" + id + " own=" + key +
                     " role=enrollee tcp_addr=127.0.0.1 neg_freq=2437") == "OK");
    }
  });
  const Outcome outcome = pair_one(code, "tcp://0.0.0.0:8908", "wpa3", events);
  CHECK(outcome.error == "");
  CHECK(outcome.result.name == "Test");
  CHECK(peer.says("DPP-AUTH-DIRECTION mutual=1"));
  CHECK(peer.says("DPP-CONFOBJ-AKM sae"));
  CHECK(peer.says(peer_password));
}
