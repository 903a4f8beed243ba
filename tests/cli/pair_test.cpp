#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "scripted.hpp"

using namespace aiot;
using namespace aiot::cli;
using cli::test::run_cli;
using cli::test::scripted_environment;

namespace {

constexpr const char* esp_code =
    R"({"ver":"v1","name":"PROV_1","username":"u","pop":"abcd1234","transport":"ble"})";

/// A file that its owner alone may read.
class SecretFile {
 public:
  explicit SecretFile(const std::string& text) {
    path_ = (std::filesystem::temp_directory_path() / "aiot-pair-XXXXXX").string();
    const int fd = ::mkstemp(path_.data());
    REQUIRE(fd >= 0);
    ::close(fd);
    std::ofstream(path_) << text;
  }
  ~SecretFile() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

struct Made {
  std::vector<pair::Target> targets;
  pair::Request request;
};

/// What these options ask for.
Made made_of(std::vector<std::string> args, const std::string& input = "") {
  Made made;
  Environment e = scripted_environment();
  e.pair_devices = [&](std::span<const pair::Target> targets, const pair::Request& request,
                       EventSink&, std::stop_token) -> Result<pair::Report> {
    made = {{targets.begin(), targets.end()}, request};
    return pair::Report();
  };
  args.insert(args.begin(), "pair");
  const auto ran = run_cli(args, e, input);
  CHECK_MESSAGE(ran.exit == 0, ran.err);
  return made;
}

/// The error text of a command line that is refused with this exit code.
std::string refused(std::vector<std::string> args, int exit, const std::string& input = "") {
  args.insert(args.begin(), "pair");
  const auto ran = run_cli(args, scripted_environment(), input);
  CHECK_MESSAGE(ran.exit == exit, ran.err);
  CHECK(ran.err.find("abcd1234") == std::string::npos);
  CHECK(ran.err.find("secret-pass") == std::string::npos);
  return ran.err;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("pair: options become targets and a request") {
  const SecretFile wifi("ssid: home\npassword: secret-pass\n");
  const SecretFile secrets("pop: abcd1234\nusername: wifiprov\n");
  const SecretFile data("bytes");
  const Made made = made_of(
      {"http://192.168.4.1", "--wifi-file", wifi.path(), "--secret-file", secrets.path(),
       "--confirm", "--record", "done.jsonl", "--token-file", "t", "--endpoint", "custom", "--data",
       data.path(), "-j", "3", "--trace", "t-%d.txt", "--timeout", "20s", "--io", "display"});
  REQUIRE(made.targets.size() == 1);
  CHECK(made.targets[0].address.host == "192.168.4.1");
  CHECK(made.request.wifi->ssid == "home");
  CHECK(made.request.wifi->password == "secret-pass");
  CHECK(made.request.secrets.proof == "abcd1234");
  CHECK(made.request.secrets.username == "wifiprov");
  CHECK(made.request.confirm);
  CHECK(made.request.record_file == "done.jsonl");
  CHECK(made.request.token_file == "t");
  CHECK(made.request.endpoint == "custom");
  CHECK(made.request.endpoint_data == "bytes");
  CHECK(made.request.jobs == 3);
  CHECK(made.request.trace_file == "t-%d.txt");
  CHECK(made.request.timeout == std::chrono::seconds(20));
  CHECK(made.request.io == "display");
  CHECK(!made.request.dry_run);
  const Made stdin_wifi = made_of({"ble:AA:BB:CC:DD:EE:FF", "--wifi-file", "-", "-n"},
                                  "ssid: home\npassword: secret-pass\n");
  CHECK(stdin_wifi.request.wifi->password == "secret-pass");
  CHECK(stdin_wifi.request.dry_run);
}

TEST_CASE("pair: codes as targets") {
  const Made made = made_of({esp_code, "--at", "http://192.168.4.1",
                             "WIFI:S:home;T:WPA;P:secret-pass;;"});
  REQUIRE(made.targets.size() == 1);
  CHECK(made.targets[0].code == esp_code);
  CHECK(made.targets[0].address.host == "192.168.4.1");
  CHECK(made.request.wifi->password == "secret-pass");
}

TEST_CASE("pair: lists") {
  const Made lines = made_of({"--devices", "-"}, "# the first two\nhttp://192.168.4.1\n\n" +
                                                     std::string(esp_code) + "\n");
  REQUIRE(lines.targets.size() == 2);
  CHECK(lines.targets[1].code == esp_code);

  const Made csv = made_of(
      {"--devices", "-"},
      "id,address,code,pop,ssid,password\n"
      "lamp 1,http://192.168.4.1,,abcd1234,,\n"
      "lamp 2,,\"{\"\"ver\"\":\"\"v1\"\",\"\"name\"\":\"\"P\"\",\"\"transport\"\":\"\"ble\"\"}\",,guests,\"a,b\"\"c!?!\"\n");
  REQUIRE(csv.targets.size() == 2);
  CHECK(csv.targets[0].id == "lamp 1");
  CHECK(csv.targets[0].secrets.proof == "abcd1234");
  CHECK(!csv.targets[0].wifi);
  CHECK(csv.targets[1].code == R"({"ver":"v1","name":"P","transport":"ble"})");
  CHECK(csv.targets[1].wifi->ssid == "guests");
  CHECK(csv.targets[1].wifi->password == "a,b\"c!?!");

  const std::string ready = R"({"schema":"aiot.sim.ready/1","address":"http://127.0.0.1:8001",)"
                            R"("chip":"esp","mac":"24:0a:c4:00:00:01","index":1,"count":1})";
  const Made sim = made_of({"--devices", "-"}, ready + "\nnothing of this is read\n");
  REQUIRE(sim.targets.size() == 1);
  CHECK(sim.targets[0].id == "24:0a:c4:00:00:01");
}

TEST_CASE("pair: what discover found and is not set up yet") {
  const auto device = [](const char* id, const char* state, const char* addresses) {
    return fmt::format(R"({{"id":"{}","state":"{}","addresses":[{}]}})", id, state, addresses);
  };
  const auto event = [&](const char* kind, const std::string& record) {
    return fmt::format(R"({{"event":"{}","device":"x","time_s":0.1,"data":{}}})", kind, record) + "\n";
  };
  const std::string lamp = device("a", "unprovisioned", R"("coap://192.0.2.1","http://192.0.2.1")");
  const std::string plug = device("b", "provisioned", R"("http://192.0.2.2")");
  const std::string other = device("c", "unprovisioned", R"("udp://192.0.2.3:1")");
  const std::string gone = device("d", "unprovisioned", R"("http://192.0.2.4")");
  const std::string jsonl = event("started", "{}") + event("found", lamp) + event("found", plug) +
                            event("found", other) + event("found", gone) + event("changed", lamp) +
                            event("lost", gone) + "{\"event\":\"end\",\"ok\":true,\"exit\":0}\n";
  const Made made = made_of({"--devices", "-"}, jsonl);
  REQUIRE(made.targets.size() == 1);
  CHECK(made.targets[0].address.str() == "http://192.0.2.1");
  CHECK(made.targets[0].id == "a");

  const std::string report = R"({"schema":"aiot.discover/1","ok":true,"data":{"devices":[)" + lamp +
                             "," + plug + "]}}";
  CHECK(made_of({"--devices", "-"}, report).targets.size() == 1);
  // As jq prints it.
  CHECK(made_of({"--devices", "-"}, "{\n\"data\": {\"devices\": [\n" + lamp + "]}\n}\n").targets.size() == 1);
  CHECK(has(refused({"--devices", "-"}, 4, event("found", plug)), "names no device"));
}

TEST_CASE("pair: what is wrong, without what is secret") {
  CHECK(has(refused({}, 2), "TARGET"));
  CHECK(has(refused({"nonsense"}, 2), "argument 1"));
  CHECK(has(refused({"DPP:abcd1234"}, 3), "setup code"));
  CHECK(has(refused({"http://a", "--at", "http://b"}, 2), "--at"));
  CHECK(has(refused({"http://a", "--endpoint", "x"}, 2), "--data"));
  CHECK(has(refused({"http://a", "--wifi-file", "-", "--devices", "-"}, 2), "standard input"));
  CHECK(has(refused({"http://a", "--wifi-file", "-"}, 3, "ssid: home\npassword: secret-passes: x\nabcd1234"), "standard input"));
  CHECK(has(refused({"--devices", "-"}, 3, "id,code\nlamp,abcd1234\n"), "standard input:2"));
  CHECK(has(refused({"--devices", "-"}, 3, "id,cod\n"), "unknown column"));
  CHECK(has(refused({"--devices", "-"}, 3, "id,code\na,b,abcd1234\n"), "3 cells, not 2"));
  CHECK(has(refused({"--devices", "-"}, 3, "id,code\na,\"abcd1234\n"), "quote"));
  CHECK(has(refused({"--devices", "-"}, 3, "abcd1234\n"), "unknown column"));
  CHECK(has(refused({"--devices", "-"}, 3, "{\"pop\":\"abcd1234\"}\n"), "standard input:1"));
  const SecretFile open("ssid: home\npassword: secret-pass\n");
  REQUIRE(::chmod(open.path().c_str(), 0644) == 0);
  CHECK(has(refused({"http://a", "--wifi-file", open.path()}, 7), open.path()));
}

TEST_CASE("pair: a row for each device, and the exit code") {
  const auto some = run_cli({"pair", "http://fine:1", "http://busy:2", "--wifi-file", "-"},
                            scripted_environment(), "ssid: home\n");
  CHECK(some.exit == 10);
  CHECK(some.out ==
        "OK      http://fine:1  toy  on home                         250 ms\n"
        "FAILED  http://busy:2  toy  at connect: the port is in use  250 ms\n");
  const auto hostile = run_cli({"pair", "http://hostile:1"}, scripted_environment());
  CHECK(hostile.exit != 0);
  CHECK(hostile.out.find('\x1b') == std::string::npos);
  CHECK(hostile.err.find('\x1b') == std::string::npos);
}

TEST_CASE("pair show: secrets only when they are asked for") {
  const auto shown = run_cli({"pair", "show", esp_code});
  CHECK(shown.exit == 0);
  CHECK(shown.out ==
        "kind       esp\nname       PROV_1\nversion    v1\ntransport  ble\nusername   (secret)\n"
        "pop        (secret)\n");
  const auto revealed = run_cli({"pair", "show", esp_code, "--reveal"});
  CHECK(has(revealed.out, "abcd1234"));
  CHECK(!has(run_cli({"pair", "show", esp_code, "--json"}).out, "abcd1234"));
  CHECK(has(run_cli({"pair", "show", esp_code, "--json", "--reveal"}).out, "abcd1234"));
  CHECK(run_cli({"pair", "show", "MT:damaged"}).exit == 3);
  CHECK(run_cli({"pair", "show"}).exit == 2);
}
