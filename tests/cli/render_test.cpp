#include <doctest/doctest.h>

#include <boost/json.hpp>
#include <sstream>

#include "errors.hpp"
#include "render/diagnostics.hpp"
#include "render/flash_text.hpp"
#include "render/json.hpp"
#include "render/progress.hpp"
#include "render/table.hpp"
#include "scripted.hpp"

using namespace aiot;
using namespace aiot::cli;
using test::run_cli;

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

}  // namespace

TEST_CASE("values as JSON") {
  CHECK(render::to_json(Value("a\"b\\c\n\t\x01")) == R"("a\"b\\c\n\t\u0001")");
  CHECK(render::to_json(Value("\xc2\x9b"
                              "31m\xe2\x80\xae")) == R"("\u009b31m\u202e")");
  CHECK(render::to_json(Value("é😀")) == "\"é😀\"");
  CHECK(render::to_json(Value(1.5)) == "1.5");
  CHECK(render::to_json(Value(0.0 / 0.0)) == "null");
  CHECK(render::to_json(Value(UINT64_MAX)) == "18446744073709551615");
  CHECK(render::to_json(Value(Array{})) == "[]");
  CHECK(render::to_json(Object({{"a", "\xff"}, {"b", Bytes{1, 2}}, {"c", Array{Bytes{3}}}})) ==
        R"({"a_base64":"/w==","b_base64":"AQI=","c":[{"base64":"Aw=="}]})");
}

TEST_CASE("--json is one document, whatever happens") {
  for (const char* host : {"fine", "busy", "hostile"}) {
    const auto ran = run_cli({"--json", "flash", "info", std::string("tcp://") + host + ":1"});
    CAPTURE(ran.out);
    CHECK(count(ran.out, "\n") == 1);
    const auto document = boost::json::parse(ran.out).as_object();
    CHECK(document.at("schema") == "aiot.flash/1");
    CHECK(document.at("exit") == ran.exit);
    CHECK(document.at("ok") == (ran.exit == 0));
    CHECK(document.at("errors").as_array().size() == (ran.exit == 0 ? 0 : 1));
    CHECK(document.at("data").at("devices").as_array().size() == 1);
    CHECK_FALSE(has(ran.err, "%"));
  }
  const auto busy = run_cli({"--json", "flash", "info", "tcp://busy:1"});
  const auto error = boost::json::parse(busy.out).at("errors").at(0);
  CHECK(error.at("code") == "port.busy");
  CHECK(error.at("device") == "tcp://busy:1");
  CHECK(error.at("step") == "connect");
  CHECK(error.at("retryable") == true);
  CHECK(error.at("hint") == "close the other program");
}

TEST_CASE("--jsonl is a stream whose last line is the end") {
  const auto ran = run_cli({"--jsonl", "flash", "info", "tcp://fine:1", "tcp://busy:1"});
  std::istringstream lines(ran.out);
  std::vector<std::string> kinds;
  boost::json::value last;
  for (std::string line; std::getline(lines, line);) {
    last = boost::json::parse(line);
    kinds.emplace_back(last.at("event").as_string());
  }
  CHECK(kinds.front() == "started");
  CHECK(std::count(kinds.begin(), kinds.end(), "finished") == 1);
  CHECK(std::count(kinds.begin(), kinds.end(), "failed") == 1);
  // On a clock that stands still only the first and the last of 17 are worth a line.
  CHECK(std::count(kinds.begin(), kinds.end(), "progress") == 2);
  CHECK(last.at("event") == "end");
  CHECK(last.at("exit") == 10);
}

TEST_CASE("text: results on stdout, everything else on stderr") {
  const auto ran = run_cli({"flash", "info", "tcp://fine:1"});
  CHECK(has(ran.out, "OK  tcp://fine:1  24:0a:c4:00:00:01  esp32c3 v0.3"));
  CHECK(has(ran.out, "  factory    app   factory  0x10000  4.0 KiB\n"));
  CHECK(ran.err.empty());
  const auto verbose = run_cli({"flash", "info", "tcp://fine:1", "-v"});
  CHECK(has(verbose.err, "tcp://fine:1: connect\n"));
  CHECK(has(verbose.err, "write app.bin 50% (512 B of 1.0 KiB)\n"));
  CHECK(count(verbose.err, "%") == 10);
  CHECK_FALSE(has(verbose.err, "three bytes"));
  CHECK(has(verbose.err, "the loader is the ROM"));
  CHECK(has(run_cli({"flash", "info", "tcp://fine:1", "-vv"}).err, "three bytes"));
  CHECK(run_cli({"flash", "info", "tcp://fine:1", "-q"}).err.empty());
}

TEST_CASE("a row for each device, failures too") {
  Environment e = test::scripted_environment();
  e.write = [](std::span<const Address> devices, const flash::WriteRequest& request, EventSink&,
               std::stop_token) -> Result<flash::Report<flash::WriteResult>> {
    flash::Report<flash::WriteResult> report;
    for (const Address& address : devices) {
      auto& device = report.devices.emplace_back();
      device.device = address;
      device.result.seconds = 0.5;
      device.error = test::scripted_error(address);
      if (device.error) {
        device.step = "connect";
        continue;
      }
      device.result.mac = "24:0a:c4:00:00:01";
      device.result.sectors = 300;
      device.result.sectors_written = address.host == "same" ? 0 : 256;
      device.result.verified = request.verify && !request.dry_run;
      device.result.dry_run = request.dry_run;
    }
    return report;
  };
  const std::string busy = "serial:/dev/busy";
  CHECK(run_cli({"flash", "tcp://a:1", "tcp://same:1", busy, "fw.bin"}, e).out ==
        "OK      tcp://a:1     24:0a:c4:00:00:01  1.0 MiB written  2.0 MiB/s  500 ms\n"
        "OK      tcp://same:1  24:0a:c4:00:00:01  nothing differs             500 ms\n"
        "FAILED  /dev/busy     -                  at connect                  500 ms\n");
  CHECK(run_cli({"flash", "tcp://a:1", "fw.bin", "--no-verify"}, e).out ==
        "OK  tcp://a:1  24:0a:c4:00:00:01  1.0 MiB written, not verified  2.0 MiB/s  500 ms\n");
  CHECK(run_cli({"flash", "-n", "tcp://a:1", "fw.bin"}, e).out ==
        "OK  tcp://a:1  24:0a:c4:00:00:01  1.0 MiB to be written  500 ms\n");
}

TEST_CASE("rows fit a terminal: long addresses lose their beginning") {
  flash::Report<flash::ReadResult> report;
  for (const char* host : {"2001:db8::1234:5678:9abc:1", "2001:db8::1234:5678:9abc:2"}) {
    auto& device = report.devices.emplace_back();
    device.device = *parse_address(std::string("rfc2217://[") + host + "]:4000");
    device.result.mac = "24:0a:c4:00:00:01";
    device.result.size_bytes = 4 << 20;
    device.result.seconds = 61;
  }
  std::ostringstream out;
  render::print_flash_report(out, report, 80);
  CHECK(out.str() ==
        "OK  …:5678:9abc:1]:4000  24:0a:c4:00:00:01  4.0 MiB read  67.1 KiB/s  1 min 01 s\n"
        "OK  …:5678:9abc:2]:4000  24:0a:c4:00:00:01  4.0 MiB read  67.1 KiB/s  1 min 01 s\n");
}

TEST_CASE("an error says what, where, and what to do next") {
  const auto ran = run_cli({"flash", "info", "tcp://secured:1", "-q"});
  CHECK(ran.err ==
        "error: tcp://secured:1: opening: the device's security settings forbid it\n"
        "  next: close the other program; --force goes on all the same; the device may not start "
        "afterwards\n");
  const auto verbose = run_cli({"flash", "info", "tcp://secured:1", "-v"});
  CHECK(has(verbose.err, "  code: "));
  CHECK(has(verbose.err, ", at: connect\n"));
}

TEST_CASE("on a terminal, errors and hints are folded at words") {
  Environment e = test::scripted_environment();
  e.terminal.err = true;
  e.terminal.dumb = true;
  e.terminal.columns = [] { return 44U; };
  const std::vector<std::string> args = {"flash", "info", "/dev/x", "--before", "magic"};
  const auto narrow = run_cli(args, e);
  CAPTURE(narrow.err);
  std::istringstream lines(narrow.err);
  for (std::string line; std::getline(lines, line);) CHECK(render::text_width(line) <= 44);
  CHECK(has(narrow.err, "\n  next: --before takes auto, classic,\n        usb-jtag, none\n"));
  // Elsewhere a line is one, for grep.
  CHECK(has(run_cli(args).err, "  next: --before takes auto, classic, usb-jtag, none\n"));
}

TEST_CASE("an error names its device once") {
  for (const char* context : {"/dev/x", "serial:/dev/x"}) {
    render::Failure failure{"serial:/dev/x", "", Error(make_error_code(Errc::stopped), context)};
    std::ostringstream err;
    render::print_failure(err, failure, {});
    CHECK(err.str() == "error: serial:/dev/x: stopped before its time\n");
  }
  render::Failure failure{"tcp://h:1", "", Error(make_error_code(Errc::stopped), "h:1: block 3")};
  std::ostringstream err;
  render::print_failure(err, failure, {});
  CHECK(err.str() == "error: tcp://h:1: block 3: stopped before its time\n");
}

TEST_CASE("a bar shows the rate, the time left, and for how long a device has been silent") {
  std::ostringstream err;
  Terminal terminal;
  terminal.columns = [] { return 80U; };
  const auto bars = render::make_bars(err, terminal, false);
  using std::chrono::seconds;
  std::vector<render::DeviceProgress> devices(2);
  devices[0].device = "serial:/dev/ttyUSB0";
  devices[0].step = "write";
  devices[0].unit = "B";
  devices[0].total = 1'048'576;
  devices[0].done = 262'144;
  devices[0].moved_at = seconds(2);
  devices[1].device = "serial:/dev/ttyUSB1";
  devices[1].step = "connect";
  bars->update(devices, 0, seconds(2));
  CHECK(has(err.str(), " 25% write  128.0 KiB/s  0:06 left"));
  CHECK(has(err.str(), "/dev/ttyUSB1 ["));
  err.str("");
  bars->tick(devices, seconds(4));
  CHECK(err.str().empty());
  bars->tick(devices, seconds(8));
  CHECK(has(err.str(), "  0% connect  no answer for 8 s"));
  CHECK(has(err.str(), " 25% write  no answer for 6 s"));
  // The bars begin and end in the same columns.
  std::istringstream lines(err.str());
  std::string first;
  std::string second;
  std::getline(lines, first);
  std::getline(lines, second);
  first.erase(0, first.find('\r') + 1);
  CHECK(first.find('[') == second.find('['));
  CHECK(first.find(']') == second.find(']'));
}

TEST_CASE("a device's control bytes reach no terminal") {
  for (const char* form : {"-v", "--json", "--jsonl"}) {
    const auto ran = run_cli({"flash", "info", "tcp://hostile:1", form});
    CHECK_FALSE(has(ran.out + ran.err, "\x1b"));
    CHECK_FALSE(has(ran.out + ran.err, "\xff"));
  }
}

TEST_CASE("colour: a terminal, --color, NO_COLOR") {
  Environment e = test::scripted_environment();
  const auto colored = [&](const char* when) {
    return has(run_cli({"--color", when, "flash", "info", "tcp://busy:1"}, e).err, "\x1b[1;31m");
  };
  CHECK_FALSE(colored("auto"));
  CHECK(colored("always"));
  e.terminal.err = true;
  CHECK(colored("auto"));
  CHECK_FALSE(colored("never"));
  e.variable = [](const std::string& name) {
    return name == "NO_COLOR" ? std::optional<std::string>("1") : std::nullopt;
  };
  CHECK_FALSE(colored("auto"));
}

TEST_CASE("bars: a line a device, within the width, and gone at the end") {
  for (const unsigned width : {20U, 40U, 80U, 200U}) {
    Environment e = test::scripted_environment();
    e.terminal.err = true;
    e.terminal.columns = [width] { return width; };
    e.terminal.rows = [] { return 10U; };
    std::vector<std::string> args = {"flash", "info", "--color", "never"};
    for (int i = 0; i < 16; ++i) args.push_back("tcp://fine:" + std::to_string(5000 + i));
    const auto ran = run_cli(args, e);
    CHECK(ran.exit == 0);
    CHECK(has(ran.err, "\x1b[K\n"));
    CHECK(has(ran.err, "… and 9 more"));
    CHECK(ran.err.ends_with("\r\x1b[J"));
    std::istringstream lines(ran.err);
    for (std::string line; std::getline(lines, line);) {
      std::string plain;
      for (std::size_t i = 0; i < line.size(); ++i) {
        if (line[i] == '\x1b') {
          while (i < line.size() && !std::isalpha(static_cast<unsigned char>(line[i]))) ++i;
        } else if (line[i] != '\r') {
          plain += line[i];
        }
      }
      CAPTURE(plain);
      CHECK(render::text_width(plain) < width);
    }
  }
}

TEST_CASE("tables give way to a narrow terminal") {
  const std::vector<std::vector<std::string>> rows = {{"a", std::string(60, 'x'), "end"}};
  std::istringstream lines(render::table(rows, 30));
  for (std::string line; std::getline(lines, line);) CHECK(render::text_width(line) <= 30);
  CHECK(render::table({{"a", "b"}, {"ccc", "d"}}, 0) == "a    b\nccc  d\n");
}

TEST_CASE("where a virtual device publishes, as it is asked for") {
  Environment environment = test::scripted_environment();
  sim::Request asked;
  environment.simulate = [&](const sim::Request& request, const auto&, EventSink&,
                             std::stop_token) -> Result<sim::Report> {
    asked = request;
    return sim::Report{};
  };
  CHECK(run_cli({"sim", "esp32"}, environment).exit == 0);
  CHECK(asked.mqtt.empty());
  CHECK(asked.mqtt_rate == 0);
  CHECK(asked.mqtt_interval == std::chrono::seconds(1));
  CHECK(run_cli({"sim", "esp32", "--mqtt", "mqtt://b/home", "--mqtt-interval", "50ms",
                 "--mqtt-rate", "2000", "--credentials", "login.yaml", "--ca", "ca.pem"},
                environment)
            .exit == 0);
  CHECK(asked.mqtt == "mqtt://b/home");
  CHECK(asked.mqtt_rate == 2000);
  CHECK(asked.mqtt_interval == std::chrono::milliseconds(50));
  CHECK(asked.credentials_file == "login.yaml");
  CHECK(asked.ca_file == "ca.pem");
  CHECK(run_cli({"sim", "esp32", "--mqtt-rate", "many"}, environment).exit == 2);
  CHECK(run_cli({"sim", "esp32", "--mqtt-interval", "soon"}, environment).exit == 2);
}

TEST_CASE("sim prints a line for each device at once") {
  const auto ran = run_cli({"sim", "esp32", "--count", "2"});
  CHECK(ran.exit == 0);
  CHECK(ran.out ==
        "{\"schema\":\"aiot.sim.ready/1\",\"address\":\"tcp://127.0.0.1:4001\",\"chip\":\"esp32\","
        "\"mac\":\"24:0a:c4:00:00:01\",\"index\":1,\"count\":2}\n"
        "{\"schema\":\"aiot.sim.ready/1\",\"address\":\"tcp://127.0.0.1:4002\",\"chip\":\"esp32\","
        "\"mac\":\"24:0a:c4:00:00:01\",\"index\":2,\"count\":2}\n");
}
