#include <doctest/doctest.h>

#include <boost/json.hpp>
#include <sstream>

#include "aiot/bytes.hpp"
#include "command/keyboard.hpp"
#include "render/message_text.hpp"
#include "scripted.hpp"

using namespace aiot;
using namespace aiot::cli;
using test::run_cli;
using test::scripted_environment;

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// The request that these options make.
listen::Request request_of(std::vector<std::string> args) {
  listen::Request made;
  Environment e = scripted_environment();
  e.listen = [&](auto, const listen::Request& request, EventSink&,
                 std::stop_token) -> Result<listen::Report> {
    made = request;
    return listen::Report();
  };
  args.insert(args.begin(), "listen");
  args.push_back("tcp://a:1");
  CHECK(run_cli(args, e).exit == 0);
  return made;
}

}  // namespace

TEST_CASE("text: a stamp, what was said, dumps for what is no text, counts beside it") {
  const auto ran = run_cli({"listen", "tcp://fine:1", "--stamp", "utc"});
  CHECK(ran.exit == 0);
  CHECK(ran.out ==
        "2026-11-24T06:33:38.123456Z  ready\n"
        "2026-11-24T06:33:38.123456Z  \\x1b[31mred\\x1b[0m\\x1b[2J\n"
        "2026-11-24T06:33:38.123456Z  6 bytes\n"
        "00000000  ff fe 00 62 69 6e                                |...bin|\n");
  CHECK(ran.err == "3 messages, 29 bytes\n");
  CHECK(run_cli({"listen", "tcp://fine:1", "-q"}).err.empty());
}

TEST_CASE("text: the line end of a datagram is no line of its own") {
  const auto style = std::make_shared<render::MessageStyle>();
  style->stamp = render::Stamp::none;
  render::MessageText text(style);
  const auto said = [&](const char* payload) {
    return text({"udp://h:1", "message", listen::Message{.payload = payload}});
  };
  CHECK(said("hello\n") == "hello\n");
  CHECK(said("hello\r\n") == "hello\n");
  CHECK(said("\n") == "\n");
  CHECK(said("a\nb\n") == "a\n    b\n");
  CHECK(said("a\n\n") == "a\n    \n");
}

TEST_CASE("text: no stamp, a source's name, colour, everything") {
  CHECK(has(run_cli({"listen", "tcp://fine:1", "--stamp", "none"}).out, "ready\n\\x1b"));
  CHECK(has(run_cli({"listen", "tcp://a:1", "tcp://b:1", "--stamp", "none"}).out,
            "tcp://b:1  ready\n"));
  CHECK(has(run_cli({"listen", "tcp://fine:1", "--raw", "colour"}).out,
            "\x1b[31mred\x1b[0m\\x1b[2J\n"));
  CHECK(has(run_cli({"listen", "tcp://fine:1", "--raw", "all", "--stamp", "none"}).out,
            "\x1b[2J\n\xff"));
  CHECK(has(run_cli({"listen", "tcp://fine:1", "--hex"}).out, "00000000  72 65 61 64 79"));
}

TEST_CASE("--jsonl: a line a message, bytes as base64, the counts, the end") {
  const auto ran = run_cli({"--jsonl", "listen", "tcp://fine:1"});
  std::istringstream lines(ran.out);
  std::vector<boost::json::value> all;
  for (std::string line; std::getline(lines, line);) all.push_back(boost::json::parse(line));
  REQUIRE(all.size() == 5);
  CHECK(all[0].at("event") == "message");
  CHECK(all[0].at("schema") == "aiot.message/1");
  CHECK(all[0].at("device") == "tcp://fine:1");
  CHECK(all[0].at("data").at("payload") == "ready");
  CHECK(all[2].at("data").at("payload_base64") == "//4AYmlu");
  CHECK(all[3].at("event") == "finished");
  CHECK(all[3].at("data").at("messages") == 3);
  CHECK(all[4].at("event") == "end");
  CHECK(is_utf8(ran.out));
  CHECK_FALSE(has(ran.out, "\x1b"));
  CHECK(ran.err.empty());
}

TEST_CASE("--json: one document with what was heard") {
  const auto ran = run_cli({"--json", "listen", "tcp://fine:1"});
  const auto document = boost::json::parse(ran.out);
  CHECK(document.at("schema") == "aiot.listen/1");
  CHECK(document.at("data").at("heard").as_array().size() == 3);
}

TEST_CASE("exit codes: an address that fails, the check that fails") {
  CHECK(run_cli({"listen", "tcp://busy:1"}).exit == 5);
  CHECK(run_cli({"listen", "tcp://timeout:1"}).exit == 6);
  const auto some = run_cli({"listen", "tcp://busy:1", "tcp://fine:1"});
  CHECK(some.exit == 0);  // the scripted job reports the last address only
}

TEST_CASE("options become a request") {
  listen::Request r = request_of({});
  CHECK(r.baud_bps == 115200);
  CHECK(r.idle == std::chrono::milliseconds(200));
  CHECK_FALSE(r.reset);
  CHECK_FALSE(r.reconnect.has_value());
  CHECK(r.input == nullptr);
  r = request_of({"--expect",    "a",           "--fail-on", "b",          "--timeout",
                  "30s",         "--count",     "7",         "--duration", "2m",
                  "--filter",    "qos=1",       "--framing", "idle",       "--idle",
                  "50ms",        "--baud",      "9600",      "--reset",    "--no-reconnect",
                  "--send",      "--log",       "l",         "--log-size", "10MB",
                  "--log-files", "3",           "--qos",     "2",          "--mqtt-version",
                  "3.1.1",       "--client-id", "me",        "--elf",      "fw.elf",
                  "--ca",        "ca.pem",      "--keys",    "keys.yaml"});
  CHECK(r.expect == "a");
  CHECK(r.fail_on == "b");
  CHECK(r.timeout == std::chrono::seconds(30));
  CHECK(r.count == 7);
  CHECK(r.duration == std::chrono::minutes(2));
  CHECK(r.filter == "qos=1");
  CHECK(r.framing == listen::Framing::idle);
  CHECK(r.idle == std::chrono::milliseconds(50));
  CHECK(r.baud_bps == 9600);
  CHECK(r.reset);
  CHECK(r.reconnect == false);
  CHECK(r.input != nullptr);
  CHECK(r.log_bytes == 10 * 1024 * 1024);
  CHECK(r.log_files == 3);
  CHECK(r.mqtt_qos == 2);
  CHECK(r.mqtt_version == 4);
  CHECK(r.mqtt_client_id == "me");
  CHECK(r.elf_file == "fw.elf");
  CHECK(r.ca_file == "ca.pem");
  CHECK(r.keys_file == "keys.yaml");
}

TEST_CASE("the kinds of address") {
  CHECK(run_cli({"listen", "--list"}).out == "tcp://HOST:PORT\n");
}

TEST_CASE("options that make no sense") {
  const auto fails = [](std::vector<std::string> args) {
    args.insert(args.begin(), {"listen", "tcp://a:1"});
    return run_cli(args).exit;
  };
  CHECK(run_cli({"listen"}).exit == 2);
  CHECK(fails({"--timeout", "3s"}) == 2);
  CHECK(fails({"--reset", "--no-reset"}) == 2);
  CHECK(fails({"--log-size", "1MB"}) == 2);
  CHECK(fails({"--count", "many"}) == 2);
  CHECK(fails({"--count", "0"}) == 2);
  CHECK(fails({"--escape-key", "ctrl-c"}) == 2);
  CHECK(run_cli({"listen", "nonsense"}).exit == 2);
}

TEST_CASE("keyboard mode: bytes for the device, keys for this program") {
  using Action = EscapeKeys::Action;
  EscapeKeys keys(*parse_escape_key("ctrl-t"));
  CHECK(keys.type("ls\r").bytes == "ls\r");
  CHECK(keys.type("a\x14").bytes == "a");
  EscapeKeys::Typed typed = keys.type("qb");
  CHECK(typed.bytes == "b");
  CHECK(typed.actions == std::vector<Action>{Action::quit});
  typed = keys.type("\x14\x14\x14?\x14x\x03");
  CHECK(typed.bytes == "\x14\x03");
  CHECK(typed.actions == std::vector<Action>{Action::help, Action::unknown});
  CHECK(has(keys_help("ctrl-t"), "ctrl-t q  quit\n"));
  CHECK_FALSE(parse_escape_key("ctrl-c").has_value());
  CHECK_FALSE(parse_escape_key("t").has_value());
}
