#include <doctest/doctest.h>

#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "app.hpp"
#include "errors.hpp"
#include "option.hpp"
#include "render/table.hpp"
#include "scripted.hpp"

using namespace aiot;
using namespace aiot::cli;
using test::run_cli;

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

void each_command(const Command& command, std::vector<std::string> path,
                  const std::function<void(const Command&, std::vector<std::string>)>& visit) {
  visit(command, path);
  for (const Command& child : command.commands) {
    auto below = path;
    below.push_back(child.name);
    each_command(child, below, visit);
  }
}

}  // namespace

TEST_CASE("what a mistyped command line says") {
  struct Case {
    std::vector<std::string> args;
    const char* message;
    const char* next;
  };
  const std::vector<Case> cases = {
      {{"falsh"}, "\"falsh\": no such command", "did you mean flash?"},
      {{"flash", "raed", "/dev/ttyUSB0"}, "\"raed\" is not an address", "`aiotctl flash read`"},
      {{"flash", "write", "--buad", "9600", "/dev/x", "a"},
       "--buad: no such option",
       "did you mean --baud? see `aiotctl flash write --help`"},
      {{"monitor", "/dev/ttyUSB0"}, "\"monitor\": no such command", "aiotctl listen ADDRESS"},
      {{"write-flash", "0x0", "a.bin"}, "no such command", "aiotctl flash write ADDRESS"},
      {{"--port", "/dev/ttyUSB0", "flash"}, "--port: no such option", "the device is an argument"},
      {{"--jsn", "flash"}, "--jsn: no such option", "did you mean --json?"},
      {{"flash", "info", "/dev/x", "--baud"},
       "--baud BPS: the option needs a value",
       "Serial speed"},
      {{"flash", "info", "/dev/x", "--before", "magic"},
       "--before magic",
       "--before takes auto, classic, usb-jtag, none"},
      {{"flash", "info", "/dev/x", "--baud", "fast"}, "--baud fast", "such as 921600"},
      {{"flash", "info"}, "no device is named", "/dev/ttyUSB0"},
      {{"flash", "info", "/dev/x", "y.bin"}, "\"y.bin\" is not an address", "devices only"},
      {{"flash", "/dev/x"}, "no image is named", "build/"},
      {{"flash", "image"}, "FILE: an argument is missing", "any firmware file"},
      {{"flash", "image", "a", "b"}, "\"b\": one argument too many", "--help"},
      {{"flash", "read", "/dev/x", "--all"}, "--output FILE", "-o backup.bin"},
      {{"flash", "read", "/dev/x", "-o", "a"}, "which part", "--partition NAME"},
      {{"flash", "read", "/dev/x", "-o", "a", "--offset", "1"}, "--offset without --size", "both"},
      {{"flash", "read", "/dev/x", "-o", "a", "--all", "-p", "nvs"},
       "cannot be used together",
       "one way"},
      {{"flash", "info", "/dev/x", "--timeout", "soon"}, "--timeout", "250ms"},
      {{"flash", "info", "udp://h:1"}, "udp", ""},
      {{"--json", "--jsonl", "flash", "info", "/dev/x"}, "--json and --jsonl", "choose one"},
      {{"sim", "esp23"}, "no virtual \"esp23\"", "did you mean esp32"},
      {{"sim", "esp32", "--count", "many"}, "--count many", "whole number"},
      {{"help", "flsh"}, "\"flsh\"", "did you mean flash"},
      {{"flash", "info", "/dev/x", "--json=yes"}, "--json takes no value", ""},
      {{"flash", "read", "/dev/x", "-vo"}, "--output FILE: the option needs a value", "--output:"},
      {{"flash", "read", "/dev/x", "--bogus", "--output"}, "--bogus: no such option", "--help"},
      {{"flash", "--size", "3", "write", "/dev/x", "a"}, "flash write: --size: no such option", ""},
      {{"flash", "/dev/x", "info"}, "\"/dev/x\" before the verb \"info\"", "./info"},
      {{"bench", "rnu"}, "aiotctl bench: \"rnu\": no such command", "did you mean run?"},
      {{"config", "shwo"}, "aiotctl config: \"shwo\": no such command", "did you mean show?"},
      // Words of mcumgr, chip-tool, imgtool, mosquitto_sub, python-miio and espefuse.
      {{"image", "list"}, "\"image\": no such command", "aiotctl ota smp ADDRESS images"},
      {{"--conntype", "udp", "echo"}, "--conntype: no such option", "the device is an argument"},
      {{"pairing", "code", "1"}, "\"pairing\": no such command", "aiotctl pair CODE"},
      {{"sign", "a.bin"}, "\"sign\": no such command", "did you mean aiotctl ota sign?"},
      {{"verify", "a.bin"}, "no such command", "aiotctl flash verify or aiotctl ota verify"},
      {{"dumpinfo", "a.bin"}, "\"dumpinfo\": no such command", "aiotctl ota verify FILE"},
      {{"listen", "--topic", "home/#"}, "--topic: no such option", "mqtt://HOST/TOPIC"},
      {{"discover", "--ip", "192.168.1.7"}, "--ip: no such option", "miio://192.168.1.7"},
      {{"pair", "--token", "00"}, "--token: no such option", "--token-file FILE"},
      {{"burn-key"}, "\"burn-key\": no such command", "burns no eFuses"},
      {{"flash", "erase_flash", "/dev/x"},
       "\"erase_flash\" is not an address",
       "flash erase ADDRESS --all"},
  };
  for (const Case& c : cases) {
    const auto ran = run_cli(c.args);
    CAPTURE(ran.err);
    CAPTURE(ran.out);
    CAPTURE(c.message);
    CHECK(ran.exit == 2);
    CHECK(has(ran.err, "error: "));
    CHECK(has(ran.err, c.message));
    CHECK(has(ran.err, c.next));
  }
}

TEST_CASE("global options are taken before, between and after") {
  for (const auto& args : std::vector<std::vector<std::string>>{
           {"--json", "flash", "info", "/dev/x"},
           {"flash", "--json", "info", "/dev/x"},
           {"flash", "info", "/dev/x", "--json"},
           {"--timeout", "5", "flash", "--baud", "9600", "info", "/dev/x", "--json", "-q"}}) {
    const auto ran = run_cli(args);
    CAPTURE(ran.err);
    CHECK(ran.exit == 0);
    CHECK(has(ran.out, "{\"schema\":\"aiot.flash/1\""));
  }
}

TEST_CASE("options reach the request, by esptool's names too") {
  Environment e = test::scripted_environment();
  flash::WriteRequest got;
  std::size_t devices = 0;
  e.write = [&](std::span<const Address> d, const flash::WriteRequest& r, EventSink&,
                std::stop_token) -> Result<flash::Report<flash::WriteResult>> {
    got = r;
    devices = d.size();
    return flash::Report<flash::WriteResult>();
  };
  const auto ran = run_cli({"flash",
                            "/dev/a",
                            "/dev/b",
                            "-b",
                            "460800",
                            "--before",
                            "default_reset",
                            "--after",
                            "no-reset",
                            "--flash_mode",
                            "dio",
                            "--flash-size",
                            "detect",
                            "--no-stub",
                            "--full",
                            "--timeout",
                            "2m",
                            "-j",
                            "3",
                            "--chip",
                            "esp32",
                            "--force",
                            "--trace",
                            "t.txt",
                            "-n",
                            "boot.bin@0x1000",
                            "[a,b].bin"},
                           e);
  CAPTURE(ran.err);
  CHECK(ran.exit == 0);
  CHECK(devices == 2);
  CHECK(got.session.baud_bps == 460800);
  CHECK(got.session.before == flash::Before::automatic);
  CHECK(got.session.after == flash::After::loader);
  CHECK(got.session.chip == "esp32");
  CHECK(got.session.jobs == 3);
  CHECK(got.session.timeout == std::chrono::minutes(2));
  CHECK(got.session.trace_file == "t.txt");
  CHECK_FALSE(got.session.use_stub);
  CHECK(got.session.force);
  CHECK(got.header.mode == "dio");
  CHECK(got.header.size == "detect");
  CHECK(got.full);
  CHECK(got.verify);
  CHECK(got.dry_run);
  REQUIRE(got.images.size() == 2);
  CHECK(got.images[1].path == "[a,b].bin");
}

TEST_CASE("every command has help within the terminal's width") {
  each_command(root_command(), {}, [](const Command& command, std::vector<std::string> path) {
    CAPTURE(path);
    CHECK_FALSE(command.summary.empty());
    CHECK_FALSE((command.commands.empty() && command.examples.empty()));
    auto args = path;
    args.push_back("--help");
    for (const unsigned width : {40U, 80U, 200U}) {
      Environment e = test::scripted_environment();
      e.terminal.out = true;
      e.terminal.dumb = true;
      e.terminal.columns = [width] { return width; };
      const auto ran = run_cli(args, e);
      CHECK(ran.exit == 0);
      CHECK(ran.err.empty());
      CHECK(has(ran.out, "Usage"));
      if (!command.examples.empty()) CHECK(has(ran.out, "Examples"));
      if (width == 40) continue;
      std::istringstream lines(ran.out);
      for (std::string line; std::getline(lines, line);) {
        CAPTURE(line);
        const bool example = line.starts_with("    aiotctl ") || line.starts_with("  aiotctl ");
        CHECK((example || render::text_width(line) <= std::min(width, 100U)));
      }
    }
  });
}

TEST_CASE("the examples of the help parse") {
  each_command(root_command(), {}, [](const Command& command, const std::vector<std::string>&) {
    for (const Example& example : command.examples) {
      // What a shell makes of it: words, quotes off, up to a pipe or a redirection.
      std::istringstream words(example.command);
      std::vector<std::string> args;
      for (std::string word; words >> word && word != "|" && word != ">";) {
        std::erase(word, '\'');
        args.push_back(word);
      }
      CAPTURE(example.command);
      const Command* reached = nullptr;
      const auto parsed = parse(args, reached);
      CHECK(parsed.has_value());
      if (parsed.has_value()) CHECK((parsed->command->handler != nullptr));
    }
  });
}

TEST_CASE("the help of a command begins with the options that are needed most") {
  each_command(root_command(), {},
               [](const Command& command, const std::vector<std::string>& path) {
                 CAPTURE(path);
                 std::istringstream common{std::string(command.common)};
                 for (std::string name; common >> name;) {
                   CAPTURE(name);
                   CHECK(find_option(command.options, name) != nullptr);
                 }
                 // A list that fills a screen hides what is needed.
                 if (!path.empty() && command.options.size() > 10)
                   CHECK_FALSE(command.common.empty());
               });
  const std::string write = run_cli({"flash", "write", "--help"}).out;
  CHECK(write.find("--expect REGEX") < write.find("--full"));
  CHECK(has(write, "Common options\n      --expect REGEX"));
  CHECK(has(write, "Other options\n      --full"));
  CHECK_FALSE(has(write, "Print one JSON document"));
  CHECK(has(write, "`aiotctl help options`"));
  const auto global = run_cli({"help", "options"});
  CHECK(global.exit == 0);
  for (const Option& option : root_command().options) CHECK(has(global.out, option.long_name()));
}

namespace {

/// What the completion for bash offers, by command: "" for the root, "/flash/write".
std::map<std::string, std::set<std::string>> offered_options() {
  std::map<std::string, std::set<std::string>> offered;
  std::istringstream lines(run_cli({"completion", "bash"}).out);
  std::string global;
  for (std::string line; std::getline(lines, line);) {
    static const std::regex own(R"( *(\S+)\) verbs='[^']*' options='([^']*)' ;;)");
    static const std::regex all(R"re( *_aiotctl_words "\$options ([^"]*)")re");
    std::smatch found;
    if (std::regex_match(line, found, all)) global = found[1];
    if (!std::regex_match(line, found, own)) continue;
    std::istringstream words(found[2]);
    offered[found[1] == "''" ? "" : found[1].str()] = {std::istream_iterator<std::string>(words),
                                                       {}};
  }
  for (auto& [path, options] : offered) {
    std::istringstream words(global);
    for (std::string word; words >> word;) options.insert(word);
  }
  return offered;
}

}  // namespace

TEST_CASE("the completions offer what the parser takes, and nothing else") {
  const auto offered = offered_options();
  std::set<std::string> everywhere;
  for (const auto& [path, options] : offered) everywhere.insert(options.begin(), options.end());
  CHECK(everywhere.size() > 150);
  each_command(
      root_command(), {}, [&](const Command& command, const std::vector<std::string>& path) {
        std::string name;
        for (const std::string& word : path) name += "/" + word;
        CAPTURE(name);
        const auto at = offered.find(name);
        REQUIRE(at != offered.end());
        for (const std::string& option : everywhere) {
          CAPTURE(option);
          auto args = path;
          args.insert(args.end(), {option, "1"});
          const Command* reached = nullptr;
          const auto parsed = parse(args, reached);
          const bool unknown = !parsed.has_value() && parsed.error().code == Errc::unknown_option;
          CHECK(unknown != at->second.contains(option));
          CHECK(reached == &command);
        }
      });
}

TEST_CASE("without a command there is help on standard error, and exit 2") {
  const auto ran = run_cli({});
  CHECK(ran.exit == 2);
  CHECK(ran.out.empty());
  CHECK(has(ran.err, "Commands"));
  CHECK(run_cli({"config"}).exit == 2);
}

TEST_CASE("help exit-codes, schema, version") {
  const auto codes = run_cli({"help", "exit-codes"});
  CHECK(codes.exit == 0);
  CHECK(has(codes.out, "10   partial"));
  CHECK(has(codes.out, "143   stopped by SIGTERM"));
  CHECK(has(run_cli({"schema"}).out, "aiot.flash/1\n"));
  CHECK(has(run_cli({"schema", "aiot.flash/1"}).out, "\"$schema\""));
  CHECK(run_cli({"schema", "aiot.flsh/1"}).exit == 2);
  CHECK(run_cli({"--version"}).out.starts_with("aiotctl 0."));
  CHECK(run_cli({"flash", "-V"}).out.starts_with("aiotctl 0."));
  CHECK(has(run_cli({"--version"}).out, "\nCommit: "));
  std::ostringstream known;
  std::ostringstream unknown;
  aiot::cli::print_version(known, "460e59f3ab12");
  aiot::cli::print_version(unknown, "");
  CHECK(has(known.str(), "\nCommit: 460e59f3ab12\nLicence: Apache-2.0 "));
  CHECK(has(unknown.str(), "\nCommit: unknown (built from a source archive)\n"));
}

TEST_CASE("an error reaches a machine in the form it asked for") {
  const auto json = run_cli({"flash", "--json", "--buad", "1"});
  CHECK(json.exit == 2);
  CHECK(has(json.out, "{\"schema\":\"aiot.error/1\""));
  CHECK(
      has(json.out, "\"exit\":2,\"data\":{\"devices\":[]},\"errors\":[{\"code\":\"usage.option\""));
  for (const auto& args : std::vector<std::vector<std::string>>{
           {"--json"}, {"config", "--json"}, {"flash", "write", "--json"}}) {
    const auto ran = run_cli(args);
    CAPTURE(args);
    CHECK(ran.exit == 2);
    CHECK(ran.out.starts_with("{\"schema\":\"aiot.error/1\""));
    CHECK(has(ran.out, "usage.argument_missing"));
  }
  const auto jsonl = run_cli({"falsh", "--jsonl"});
  CHECK(has(jsonl.out, "{\"event\":\"failed\""));
  CHECK(has(jsonl.out, "\"ok\":false,\"exit\":2}\n"));
}

TEST_CASE("the environment and the files choose the form of early errors too") {
  Environment e = test::scripted_environment();
  e.variable = [](const std::string& name) {
    return name == "AIOT_OUTPUT_FORMAT" ? std::optional<std::string>("json") : std::nullopt;
  };
  for (const auto& args : std::vector<std::vector<std::string>>{{},
                                                                {"falsh"},
                                                                {"flash", "--buad", "1"},
                                                                {"sim", "esp32"},
                                                                {"--config", "/nonexistent"}}) {
    const auto ran = run_cli(args, e);
    CAPTURE(args);
    CAPTURE(ran.err);
    CHECK(ran.exit == 2);
    CHECK(ran.out.starts_with("{\"schema\":\"aiot.error/1\""));
    CHECK(std::count(ran.out.begin(), ran.out.end(), '\n') == 1);
  }
  CHECK(run_cli({"falsh", "--jsonl"}, e).out.starts_with("{\"event\":\"failed\""));
  // A configuration that cannot be read is an error like others.
  const auto broken = run_cli({"--config", "/nonexistent", "config", "show"}, e);
  CHECK(broken.exit == 3);
  CHECK(broken.out.starts_with("{\"schema\":\"aiot.error/1\""));
}

TEST_CASE("--color holds for what is wrong with the command line") {
  CHECK(has(run_cli({"--color", "always", "falsh"}).err, "\x1b[1;31merror:"));
  CHECK(has(run_cli({"--color=always", "falsh"}).err, "\x1b[1;31merror:"));
  Environment e = test::scripted_environment();
  e.terminal.err = true;
  CHECK(has(run_cli({"falsh"}, e).err, "\x1b[1;31merror:"));
  CHECK_FALSE(has(run_cli({"--color", "never", "falsh"}, e).err, "\x1b"));
}
