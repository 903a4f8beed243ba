#include "option.hpp"

#include <algorithm>

#include "command/commands.hpp"

namespace aiot::cli {
namespace {

std::vector<Option> global_options() {
  return {
      {.names = "--json", .help = "Print one JSON document on standard output"},
      {.names = "--jsonl", .help = "Print every event as a line of JSON on standard output"},
      {.names = "-q,--quiet", .help = "Print errors and results only"},
      {.names = "-v,--verbose", .help = "Print more details; twice, print all details", .repeatable = true},
      {.names = "--color",
       .value = "WHEN",
       .help = "Colour on terminals; the variable NO_COLOR turns it off too",
       .key = "output.color",
       .choices = {{"auto"}, {"always"}, {"never"}}},
      {.names = "--no-input", .help = "Never ask; fail where a question would be asked"},
      {.names = "-y,--yes", .help = "Answer every question with yes"},
      {.names = "-n,--dry-run", .help = "Show what would be done; change nothing"},
      {.names = "--config",
       .value = "FILE",
       .help = "Read this configuration file and no other",
       .complete = Complete::file},
      {.names = "--timeout",
       .value = "TIME",
       .help = "Give each device this long in all: 30s, 2m",
       .key = "timeout"},
      {.names = "--log-file",
       .value = "FILE",
       .help = "Append every event to FILE as text",
       .key = "log_file",
       .complete = Complete::file},
      {.names = "-V,--version", .help = "Print the version, the commit and the licence"},
      {.names = "-h,--help", .help = "Print this help"},
  };
}

Command make_root() {
  Command root;
  root.summary = "takes an AIoT device from the box to the field";
  root.description =
      "Results go to standard output, progress and diagnostics to standard error. "
      "Exit codes mean one thing each: `aiotctl help exit-codes`.";
  root.options = global_options();
  root.commands = {command::discover(),   command::pair_devices(), command::flash(),
                   command::ota(),        command::listen(),       command::bench(),
                   command::sim(),        command::doctor(),       command::config(),
                   command::completion(), command::schema(),       command::help()};
  root.examples = {
      {"flash /dev/ttyUSB0 build/", "Write, verify and start what an ESP-IDF build made"},
      {"discover", "Find nearby devices"},
      {"flash info /dev/ttyUSB0", "Identify the connected chip"},
      {"listen /dev/ttyUSB0", "Monitor its output; Ctrl-T q quits"},
      {"bench run model.tflite", "Benchmark a neural network model on this machine"},
      {"sim esp32c3 --port pty", "Practise without hardware"},
  };
  return root;
}

}  // namespace

std::string Option::long_name() const {
  const auto comma = names.rfind(',');
  return comma == std::string::npos ? names : names.substr(comma + 1);
}

std::string Option::short_name() const {
  const auto comma = names.find(',');
  return comma == std::string::npos ? "" : names.substr(0, comma);
}

const Command& root_command() {
  static const Command root = make_root();
  return root;
}

const Command* find_command(const Command& parent, const std::string& name) {
  const auto it = std::find_if(parent.commands.begin(), parent.commands.end(),
                               [&](const Command& c) { return c.name == name; });
  return it == parent.commands.end() ? nullptr : &*it;
}

const Option* find_option(const std::vector<Option>& options, const std::string& name) {
  const auto it = std::find_if(options.begin(), options.end(), [&](const Option& o) {
    return o.long_name() == name || o.short_name() == name;
  });
  return it == options.end() ? nullptr : &*it;
}

std::vector<std::string> long_options(const Command& command) {
  std::vector<std::string> names;
  for (const Option& option : command.options) names.push_back(option.long_name());
  for (const Option& option : root_command().options) {
    if (&command != &root_command()) names.push_back(option.long_name());
  }
  return names;
}

}  // namespace aiot::cli
