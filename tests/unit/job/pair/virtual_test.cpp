// Devices of `sim provision` on pseudo-terminals and on the loopback address, paired by run().
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <fstream>
#include <future>
#include <mutex>
#include <thread>

#include "aiot/pair.hpp"
#include "aiot/sim.hpp"
#include "unit/net/real_loop.hpp"

namespace aiot::pair::test {
namespace {

/// Keeps all words of all events, to look for secrets in them.
class Words final : public EventSink {
 public:
  void on_event(const Event& event) override {
    const std::lock_guard lock(mutex_);
    if (const auto* log = std::get_if<event::Log>(&event)) all_ += log->text + "\n";
    if (const auto* notice = std::get_if<event::Notice>(&event))
      all_ += notice->code + " " + notice->text + "\n";
    if (const auto* failed = std::get_if<event::Failed>(&event))
      all_ += failed->error.message() + failed->error.hint + "\n";
  }
  const std::string& all() const { return all_; }

 private:
  std::mutex mutex_;
  std::string all_;
};

/// Virtual devices of one kind that wait on a thread of their own.
class Waiting {
 public:
  Waiting(std::string kind, std::string port, std::vector<std::string> faults = {}) {
    sim::ProvisionRequest request;
    request.kind = std::move(kind);
    request.port = std::move(port);
    request.faults = std::move(faults);
    std::ofstream(wifi_file()) << "ssid: home\npassword: secret-pass\n";
    ::chmod(wifi_file().c_str(), 0600);
    request.wifi_file = wifi_file();
    std::promise<std::string> address;
    auto found = address.get_future();
    thread_ = std::jthread([this, request, &address](std::stop_token stop) {
      Words words;
      const auto ready = [&](const sim::Ready& one) { address.set_value(one.address); };
      auto report = sim::run_provision(request, ready, words, std::move(stop));
      if (report) {
        devices = report->devices;
      } else {
        address.set_value(report.error().message());
      }
    });
    address_ = found.get();
  }
  const std::string& address() const { return address_; }
  void stop() {
    thread_.request_stop();
    thread_.join();
  }
  std::string folder() const { return folder_.path().string(); }

  std::vector<sim::DeviceResult> devices;

 private:
  std::string wifi_file() const { return (folder_.path() / "wifi.yaml").string(); }

  TemporaryFolder folder_;
  std::string address_;
  std::jthread thread_;
};

struct Outcome {
  std::string code = "ok";
  std::string step;
  PairResult result;
  std::string words;
};

Outcome pair_with(const Waiting& device, Request request = {}) {
  Outcome out;
  const auto address = parse_address(device.address());
  REQUIRE(address.has_value());
  request.wifi = WifiCredentials{"home", "secret-pass", "", false};
  const std::vector<Target> targets = {{*address, {}, {}, {}, {}}};
  Words words;
  const auto report = run(targets, request, words, {});
  REQUIRE(report.has_value());
  const auto& one = report->devices.front();
  if (one.error) out.code = one.error->stable_code();
  out.step = one.step;
  out.result = one.result;
  out.words = words.all();
  CHECK(out.words.find("secret-pass") == std::string::npos);
  return out;
}

}  // namespace

TEST_CASE("Improv on a pseudo-terminal") {
  Waiting device("improv", "");
  const Outcome outcome = pair_with(device);
  CHECK(outcome.code == "ok");
  CHECK(outcome.result.protocol == "improv");
  CHECK(outcome.result.stages.size() == 5);
  CHECK(outcome.result.name == "Virtual lamp 1");
  CHECK(outcome.result.ip == "192.0.2.1");
  device.stop();
  REQUIRE(device.devices.size() == 1);
  CHECK(device.devices.front().ssid.value_or("") == "home");
}

TEST_CASE("miIO on the loopback address; its token goes to a file of mode 0600 alone") {
  Waiting device("miio", "0");
  Request request;
  request.confirm = true;
  request.token_file = device.folder() + "/tokens";
  const Outcome outcome = pair_with(device, request);
  CHECK(outcome.code == "ok");
  CHECK(outcome.result.id == "34:CE:00:00:00:01");
  CHECK(outcome.result.model == "chuangmi.plug.m1");
  CHECK(outcome.result.stages.back().stage == Stage::confirmed);
  struct stat status {};
  REQUIRE(::stat(request.token_file.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  std::ifstream file(request.token_file);
  std::string id;
  std::string token;
  file >> id >> token;
  CHECK(id == "195948557:");
  CHECK(token.size() == 32);
  CHECK(outcome.words.find(token) == std::string::npos);
  device.stop();
  CHECK(device.devices.front().paired.value_or(false));
}

TEST_CASE("a folder gets a file for each miIO device, which is one of secrets") {
  Waiting device("miio", "0");
  Request request;
  request.token_file = device.folder() + "/keys/";
  CHECK(pair_with(device, request).code == "ok");
  const std::string path = device.folder() + "/keys/195948557";
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  const auto secrets = read_secret_file(path);
  REQUIRE(secrets.has_value());
  CHECK(secrets->token.size() == 32);
  device.stop();

  // Others could put a file there.
  Waiting another("miio", "0");
  request.token_file = device.folder() + "/keys";
  ::chmod(request.token_file.c_str(), 0777);
  CHECK(pair_with(another, request).code != "ok");
  another.stop();
  CHECK(!another.devices.front().paired.value_or(true));
}

TEST_CASE("a token file that others may read is refused before the credentials are sent") {
  Waiting device("miio", "0");
  Request request;
  request.token_file = device.folder() + "/tokens";
  std::ofstream(request.token_file) << "";
  ::chmod(request.token_file.c_str(), 0644);
  CHECK(pair_with(device, request).code != "ok");
  device.stop();
  CHECK(!device.devices.front().paired.value_or(true));
}

TEST_CASE("Alibaba's Link Kit on the loopback address") {
  Waiting device("alibaba", "0");
  const Outcome outcome = pair_with(device);
  CHECK(outcome.code == "ok");
  CHECK(outcome.result.id == "B0:F8:93:00:00:01");
  CHECK(outcome.result.ip == "127.0.0.1");
  device.stop();
  CHECK(device.devices.front().ssid.value_or("") == "home");
}

TEST_CASE("faults end in their causes, at their steps") {
  struct Case {
    const char* kind;
    const char* fault;
    const char* code;
    const char* step;
  };
  for (const Case& one : {
           Case{"improv", "refuse-password", "pair.network_refused", "join"},
           {"improv", "no-network", "pair.network_not_found", "join"},
           {"improv", "wrong-state", "pair.window_closed", "authenticate"},
           {"improv", "drop@authenticated", "pair.link_lost", "authenticate"},
           {"miio", "refuse-password", "pair.network_refused", "join"},
           {"miio", "no-address", "pair.no_address", "join"},
           {"miio", "wrong-state", "pair.missing_secret", "authenticate"},
           {"miio", "garbage@credentials_sent", "pair.protocol_violated", "send credentials"},
           {"alibaba", "refuse-password", "pair.network_refused", "join"},
           {"alibaba", "garbage@credentials_sent", "pair.protocol_violated", "send credentials"},
       }) {
    CAPTURE(one.kind);
    CAPTURE(one.fault);
    Waiting device(one.kind, std::string_view(one.kind) == "improv" ? "" : "0", {one.fault});
    const Outcome outcome = pair_with(device);
    CHECK(outcome.code == one.code);
    CHECK(outcome.step == one.step);
    device.stop();
    CHECK(!device.devices.front().paired.value_or(true));
  }
}

}  // namespace aiot::pair::test
