#include <doctest/doctest.h>
#include <sys/stat.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "discovered.hpp"
#include "render/discover_text.hpp"
#include "render/table.hpp"
#include "scripted.hpp"

using namespace aiot;
using namespace aiot::cli;
using test::run_cli;

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// What the job was asked for.
Environment asking(discover::Request& got) {
  Environment e = test::scripted_environment();
  e.find_devices = [&got](const discover::Request& r, EventSink&,
                          std::stop_token) -> Result<discover::Report> {
    got = r;
    return discover::Report{};
  };
  return e;
}

}  // namespace

TEST_CASE("discover prints a line a device, grouped by ecosystem, and who could not look") {
  const auto ran = run_cli({"discover"});
  CHECK(ran.exit == 0);
  CHECK(ran.out ==
        "Matter\n"
        "  Lamp         A maker  unprovisioned  listen  udp://192.0.2.7:5540\n"
        "Tuya\n"
        "  \\x1b[2J\\xff  A maker  unprovisioned  listen  tcp://fine:1\n");
  CHECK(ran.err == "not available: ble (no adapter)\n");
  CHECK(run_cli({"discover", "-q"}).err.empty());
}

TEST_CASE("discover -v shows the evidence, and what to do for a source that could not look") {
  const auto ran = run_cli({"discover", "-v"});
  CHECK(has(ran.out, "    id         00000000aaaa\n"));
  CHECK(has(ran.out, "    address    udp://192.0.2.7:5540\n"));
  CHECK(has(ran.out, "    ecosystem  Matter                (mdns, 90 %: it offers _x._tcp)\n"));
  CHECK(has(ran.err, "  next: plug one in\n"));
}

TEST_CASE("discover fits the terminal") {
  Environment e = test::scripted_environment();
  e.terminal.out = true;
  for (const unsigned columns : {80U, 60U, 45U, 36U}) {
    e.terminal.columns = [columns] { return columns; };
    const auto ran = run_cli({"discover"}, e);
    std::istringstream lines(ran.out);
    for (std::string line; std::getline(lines, line);) {
      CHECK_MESSAGE(render::text_width(line) <= columns, line);
    }
    CHECK(has(ran.out, "tcp://fine:1") == (columns >= 45));
    CHECK(has(ran.out, "listen") == (columns == 80));
    CHECK(has(ran.out, "A maker") == (columns >= 60));
  }
}

TEST_CASE("discover without a device is exit 4, with what became of the sources") {
  const auto text = run_cli({"discover", "--where", "none"});
  CHECK(text.exit == 4);
  CHECK(text.out.empty());
  CHECK(has(text.err, "error: none: no device was found\n"));
  CHECK(has(text.err, "next: --timeout 10s looks longer"));
  const auto json = run_cli({"discover", "--where", "none", "--json"});
  CHECK(json.exit == 4);
  const auto document = boost::json::parse(json.out);
  CHECK(document.at("data").at("devices").as_array().empty());
  CHECK(document.at("data").at("sources").as_array().size() == 2);
  CHECK(document.at("errors").at(0).at("code") == "discover.nothing");
  // A capture does not grow by looking longer.
  const auto capture = run_cli({"discover", "--where", "none", "--pcap", "a.pcap"});
  CHECK(capture.exit == 4);
  CHECK(has(capture.err, "error: none: no device is in the capture\n"));
  CHECK_FALSE(has(capture.err, "--timeout"));
}

TEST_CASE("discover --jsonl tells each device as it is found, --json tells it once") {
  const auto lines = run_cli({"discover", "--jsonl"});
  CHECK(lines.exit == 0);
  std::istringstream in(lines.out);
  std::vector<boost::json::object> events;
  for (std::string line; std::getline(in, line);) {
    events.push_back(boost::json::parse(line).as_object());
  }
  REQUIRE(events.size() == 4);
  CHECK(events[0].at("event") == "found");
  CHECK(events[0].at("device") == "00000000aaaa");
  CHECK(events[0].at("data").at("id") == "00000000aaaa");
  CHECK(events[2].at("event") == "finished");
  CHECK(events[3].at("event") == "end");
  const auto document = boost::json::parse(run_cli({"discover", "--json"}).out);
  CHECK(document.at("schema") == "aiot.discover/1");
  CHECK(document.at("data").at("devices").as_array().size() == 2);
}

TEST_CASE("discover --watch is a line each time") {
  discover::DeviceRecord device{.id = "1", .name = "\x1b[31mLamp", .ecosystem = "Matter"};
  device.addresses = {*parse_address("matter:1"), *parse_address("tcp://lamp:1")};
  CHECK(render::watch_line({"1", "found", device}) ==
        "+ \\x1b[31mLamp  Matter  tcp://lamp:1\n");
  device.lost_reason = "silent";
  CHECK(render::watch_line({"1", "lost", device}) ==
        "- \\x1b[31mLamp  Matter  tcp://lamp:1  (silent)\n");
}

TEST_CASE("discover --watch tells a change that its line shows, and no other") {
  render::WatchText text;
  discover::DeviceRecord lamp{.id = "1", .name = "Lamp"};
  lamp.addresses = {*parse_address("tcp://lamp:1")};
  const auto told = [&](const char* kind) { return text({"1", kind, lamp}); };
  CHECK(told("found") == "+ Lamp  tcp://lamp:1\n");
  lamp.evidence = {{"name", "Lamp", "mdns", 0.9, ""}};
  CHECK(told("changed").empty());
  lamp.state = discover::DeviceState::unprovisioned;
  CHECK(told("changed") == "~ Lamp  unprovisioned  tcp://lamp:1\n");
  CHECK(told("changed").empty());
  CHECK(text({"2", "found", lamp}) == "+ Lamp  unprovisioned  tcp://lamp:1\n");
  CHECK(told("lost") == "- Lamp  unprovisioned  tcp://lamp:1\n");
  CHECK(told("found") == "+ Lamp  unprovisioned  tcp://lamp:1\n");
}

TEST_CASE("what discover is asked for reaches the job") {
  discover::Request got;
  const Environment e = asking(got);
  CHECK(run_cli({"discover"}, e).exit == 4);
  CHECK(got.timeout == std::chrono::seconds(3));
  CHECK(got.only.empty());
  CHECK(got.except.empty());
  CHECK(run_cli({"discover", "--timeout", "500ms", "--only", "mdns,ble", "--only", "usb",
                 "--except", "wifi", "-i", "eth0", "--subnet", "192.0.2.0/24", "--keys", "k.yaml",
                 "-w", "a=1", "--probe"},
                e)
            .exit == 4);
  CHECK(got.timeout == std::chrono::milliseconds(500));
  CHECK(got.only == std::vector<std::string>{"mdns", "ble", "usb"});
  CHECK(got.except == std::vector<std::string>{"wifi"});
  CHECK(got.interfaces == std::vector<std::string>{"eth0"});
  CHECK(got.subnets == std::vector<std::string>{"192.0.2.0/24"});
  CHECK(got.keys_file == "k.yaml");
  CHECK(got.where == "a=1");
  CHECK(got.probe);
  CHECK(run_cli({"discover", "--pcap", "a.pcap"}, e).exit == 4);
  CHECK(got.pcap_file == "a.pcap");
  CHECK(run_cli({"discover", "--pcap", "a.pcap", "--watch"}, e).exit == 2);
  CHECK(run_cli({"discover", "--timeout", "0"}, e).exit == 2);
  Environment configured = asking(got);
  configured.variable = [](const std::string& name) -> std::optional<std::string> {
    if (name == "AIOT_DISCOVER_TIMEOUT") return "7s";
    if (name == "AIOT_DISCOVER_EXCEPT") return "ble,wifi";
    return std::nullopt;
  };
  CHECK(run_cli({"discover"}, configured).exit == 4);
  CHECK(got.timeout == std::chrono::seconds(7));
  CHECK(got.except == std::vector<std::string>{"ble", "wifi"});
}

TEST_CASE("the addresses of the last search are kept for completion, the plain ones alone") {
  std::string name = (std::filesystem::temp_directory_path() / "aiot-cache-XXXXXX").string();
  const std::filesystem::path cache = ::mkdtemp(name.data());
  Environment e = test::scripted_environment();
  e.variable = [&](const std::string& variable) {
    return variable == "XDG_CACHE_HOME" ? std::optional<std::string>(cache.string()) : std::nullopt;
  };
  const auto content = [&] {
    std::ostringstream text;
    text << std::ifstream(cache / "aiot/discovered").rdbuf();
    return text.str();
  };
  CHECK(run_cli({"discover"}, e).exit == 0);
  CHECK(content() == "tcp://fine:1\nudp://192.0.2.7:5540\n");
  struct stat info {};
  REQUIRE(::stat((cache / "aiot/discovered").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777U) == 0600U);
  REQUIRE(::stat((cache / "aiot").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777U) == 0700U);

  discover::Report report;
  for (const char* address : {"tcp://$(reboot):1", "mqtt://b/`x`", "tcp://[fe80::1%25eth0]:80",
                              "usb:303a:1001?serial=70:04:1D"}) {
    auto parsed = parse_address(address);
    if (!parsed) continue;
    report.devices.emplace_back().addresses = {*std::move(parsed)};
  }
  REQUIRE(report.devices.size() >= 3);
  remember_devices(report,
                   e);
  CHECK(content() ==
        "mqtt://b/%60x%60\ntcp://[fe80::1%25eth0]:80\nusb:303a:1001?serial=70:04:1D\n");
  // A capture's devices are not in this room.
  CHECK(run_cli({"discover", "--pcap", "x"}, e).exit == 0);
  CHECK(content() ==
        "mqtt://b/%60x%60\ntcp://[fe80::1%25eth0]:80\nusb:303a:1001?serial=70:04:1D\n");
  std::filesystem::remove_all(cache);
}

TEST_CASE("flash takes what discover prints: the first address it can use") {
  const std::string found = run_cli({"discover", "--jsonl"}).out;
  const auto ran = run_cli({"flash", "info", "--devices", "-"}, found);
  CHECK(ran.exit == 0);
  CHECK(has(ran.out, "OK  tcp://fine:1 "));
}
