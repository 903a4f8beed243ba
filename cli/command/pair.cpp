#include "aiot/pair.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <istream>
#include <iterator>

#include "command/commands.hpp"
#include "command/lines.hpp"
#include "command/pair_list.hpp"
#include "command/targets.hpp"
#include "context.hpp"
#include "errors.hpp"
#include "process.hpp"
#include "render/envelope.hpp"
#include "render/pair_text.hpp"

namespace aiot::cli::command {
namespace {

/// A Wi-Fi or secret file, or standard input for `-`.
template <class Read, class Parse>
auto read_or_parse(const Context& context, const std::string& file, const Read& read,
                   const Parse& parse) -> decltype(read(file)) {
  if (file != "-") return read(file);
  constexpr std::size_t most = 64 * 1024;
  std::string text;
  char c = 0;
  while (text.size() < most && context.in.get(c)) text += c;
  return parse(text, "standard input");
}

/// The bytes for --endpoint: no endpoint takes more than its device's HTTP server.
Result<std::string> read_data(const std::string& file) {
  constexpr std::streamsize most = 4096;
  std::ifstream in(file, std::ios::binary);
  std::string data(most + 1, '\0');
  if (in) in.read(data.data(), most + 1);
  if (!in.eof()) {
    return make_error(Errc::input_file, "--data " + file,
                      fmt::format("name a file of up to {} bytes", most));
  }
  data.resize(static_cast<std::size_t>(in.gcount()));
  return data;
}

/// Options whose file may be standard input.
constexpr std::array stream_options = {"--wifi-file", "--access-point", "--secret-file",
                                       "--devices"};

/// One stream is read once.
Result<void> check_standard_input(const Arguments& args) {
  int readers = 0;
  for (const char* option : stream_options) {
    if (args.get(option) == "-") ++readers;
  }
  if (readers < 2) return {};
  return make_error(Errc::conflict, "standard input for several files",
                    "give one of them as a file, or as /dev/fd/N");
}

/// For a question to somebody at the terminal; empty when nobody is there, or standard input is for
/// something else.
decltype(pair::Request::read_line) line_reader(const Context& context) {
  const bool taken = std::ranges::any_of(
      stream_options, [&](const char* option) { return context.args.get(option) == "-"; });
  if (taken || !context.settings.may_ask || context.settings.format != Format::text) return {};
  return
      [&environment = context.environment](const std::function<void()>& ask, std::stop_token stop) {
        const std::shared_ptr<void> silent = silent_terminal();
        ask();
        std::string line;
        while (line.find('\n') == std::string::npos) {
          const std::string more = environment.read_input(stop);
          if (more.empty()) return std::string();
          line += more;
        }
        line.resize(line.find_first_of("\r\n"));
        return line;
      };
}

Result<pair::Request> request_of(const Context& context) {
  const Arguments& args = context.args;
  AIOT_CHECK(check_standard_input(args));
  pair::Request request;
  if (const auto file = args.get("--wifi-file")) {
    AIOT_TRY(request.wifi, read_or_parse(context, *file, pair::read_wifi_file, pair::parse_wifi));
  }
  if (args.has("--wifi-from-host")) {
    if (request.wifi) {
      return make_error(Errc::conflict, "--wifi-file and --wifi-from-host", "give one of them");
    }
    AIOT_TRY(request.wifi, pair::host_wifi(context.stop()));
  }
  if (const auto file = args.get("--access-point")) {
    AIOT_TRY(request.access_point,
             read_or_parse(context, *file, pair::read_wifi_file, pair::parse_wifi));
  }
  if (const auto file = args.get("--secret-file")) {
    AIOT_TRY(request.secrets,
             read_or_parse(context, *file, pair::read_secret_file, pair::parse_secrets));
  }
  request.protocol = args.get("--protocol").value_or("");
  request.io = args.get("--io").value_or(request.io);
  request.confirm = args.has("--confirm");
  request.record_file = args.get("--record").value_or("");
  request.token_file = args.get("--token-file").value_or("");
  request.endpoint = args.get("--endpoint").value_or("");
  if (const auto file = args.get("--data")) {
    AIOT_TRY(request.endpoint_data, read_data(*file));
  }
  if (request.endpoint.empty() != !args.has("--data")) {
    return make_error(Errc::missing_argument, "--endpoint and --data",
                      "give both: --endpoint NAME --data FILE");
  }
  request.trace_file = args.get("--trace").value_or("");
  request.read_line = line_reader(context);
  request.dry_run = context.settings.dry_run;
  request.timeout = context.settings.timeout;
  if (const auto text = args.get("--jobs")) {
    const char* last = text->data() + text->size();
    const auto [end, error] = std::from_chars(text->data(), last, request.jobs);
    if (error != std::errc() || end != last) {
      return make_error(Errc::bad_value, "--jobs", "write a whole number");
    }
  }
  return request;
}

/// An argument as a target; it may be a code, so that no error repeats it.
Result<pair::Target> target_of(const std::string& word, std::size_t number) {
  auto target = pair::parse_target(word);
  if (target) return target;
  Error error = target.error();
  if (pair::looks_like_code(word)) return error;
  return make_error(Errc::missing_argument,
                    fmt::format("pair: argument {} is neither an address nor a setup code", number),
                    error.hint);
}

/// --at: where the device of the one code is.
Result<void> place_code(const Context& context, std::vector<pair::Target>& targets) {
  const auto at = context.args.get("--at");
  if (!at) return {};
  AIOT_TRY(const Address address, parse_address(*at).with("--at"));
  if (targets.size() != 1 || targets.front().code.empty()) {
    return make_error(Errc::conflict, "--at without the code of one device",
                      "give one setup code; in a list, code and address stand in one row");
  }
  targets.front().address = address;
  return {};
}

/// A Wi-Fi code among the targets is the network that the others join.
Result<void> take_network(std::vector<pair::Target>& targets, pair::Request& request) {
  for (auto target = targets.begin(); target != targets.end();) {
    const auto wifi = pair::wifi_of(*target);
    if (!wifi) {
      ++target;
      continue;
    }
    if (request.wifi) {
      return make_error(Errc::conflict, "several Wi-Fi networks", "give one");
    }
    request.wifi = wifi;
    target = targets.erase(target);
  }
  return {};
}

Result<std::vector<pair::Target>> targets_of(const Context& context, pair::Request& request) {
  std::vector<pair::Target> targets;
  for (const std::string& word : context.args.items) {
    AIOT_TRY(pair::Target target, target_of(word, targets.size() + 1));
    targets.push_back(std::move(target));
  }
  for (const std::string& file : context.args.all("--image")) {
    AIOT_TRY(const std::string code, pair::read_code_image(file));
    AIOT_TRY(pair::Target target, pair::parse_target(code).with(file));
    targets.push_back(std::move(target));
  }
  AIOT_CHECK(take_network(targets, request));
  AIOT_CHECK(place_code(context, targets));
  if (const auto file = context.args.get("--devices")) {
    AIOT_CHECK(read_device_list(
        context, *file, [&](std::istream& in, const std::string& name) -> Result<void> {
          AIOT_TRY(auto listed, read_pair_list(in, name, [&](const pair::Target& target) {
                     return context.environment.pair_takes(target, request.protocol);
                   }));
          std::move(listed.begin(), listed.end(), std::back_inserter(targets));
          return {};
        }));
    if (targets.empty()) {
      return make_error(Errc::no_devices, "the list of --devices names no device to pair");
    }
  }
  if (targets.empty()) {
    return make_error(Errc::missing_argument, "pair: TARGET",
                      "name a device: an address that `aiotctl discover` printed, or a setup code");
  }
  return targets;
}

render::Outcome outcome_of(const Context& context, const pair::Report& report) {
  render::Outcome outcome;
  outcome.record = report;
  outcome.devices = report.devices.size();
  for (const auto& one : report.devices) {
    if (one.error) outcome.failures.push_back({one.device.str(), one.step, *one.error});
  }
  const Terminal& terminal = context.environment.terminal;
  const std::size_t width = terminal.out && terminal.columns ? terminal.columns() : 0;
  outcome.text = [report, width](std::ostream& out) {
    render::print_pair_report(out, report, width);
  };
  return outcome;
}

int run_restore(Context& context) {
  const auto restored = pair::restore_wifi(context.stop());
  if (!restored) return context.fail(restored.error());
  render::Outcome outcome;
  outcome.record = pair::Report{};
  outcome.text = [restored = *restored](std::ostream& out) {
    out << (restored ? "this host's Wi-Fi is back\n" : "nothing to restore\n");
  };
  return context.ui.finish(std::move(outcome));
}

int run_pair(Context& context) {
  if (context.args.has("--restore-wifi")) return run_restore(context);
  if (const std::string interface = pair::wifi_left_behind(); !interface.empty()) {
    context.ui.on_event(event::Notice{
        "", "pair.wifi_left_behind",
        fmt::format("an earlier run has left {} at a device's access point", interface),
        "bring it back: aiotctl pair --restore-wifi"});
  }
  auto request = request_of(context);
  if (!request) return context.fail(request.error());
  const auto targets = targets_of(context, *request);
  if (!targets) return context.fail(targets.error());
  const auto report =
      context.environment.pair_devices(*targets, *request, context.ui, context.stop());
  if (!report) return context.fail(report.error());
  return context.ui.finish(outcome_of(context, *report));
}

int run_show(Context& context) {
  const auto image = context.args.get("--image");
  if (image.has_value() == !context.args.items.empty()) {
    return context.fail(make_error(Errc::missing_argument, "pair show: CODE or --image",
                                   "give a setup code, or a picture of one"));
  }
  const auto code =
      image ? pair::read_code_image(*image) : Result<std::string>(context.args.items.front());
  if (!code) return context.fail(code.error());
  const auto info = pair::explain_code(*code, context.args.has("--reveal"));
  if (!info) return context.fail(info.error());
  render::Outcome outcome;
  outcome.record = *info;
  outcome.text = [info = *info](std::ostream& out) { render::print_code(out, info); };
  return context.ui.finish(outcome);
}

Command show_verb() {
  return {
      .name = "show",
      .summary = "explain a setup code; needs no device",
      .description =
          "Of an ESP, DPP, HomeKit, Matter or Wi-Fi code: its kind and what it says. Secrets are "
          "named, and shown with --reveal only.",
      .positionals = {{.name = "CODE", .help = "the code, as scanned or typed", .min = 0}},
      .options = {{.names = "--image",
                   .value = "FILE",
                   .help = "The code in a picture (PNG)",
                   .complete = Complete::file},
                  {.names = "--reveal", .help = "Show the secrets, too"}},
      .examples = {{"pair show MT:Y.K9042C00KA0648G00", "A Matter code"},
                   {"pair show X-HM://00522H1VMV000 --reveal", "A HomeKit code, with its secrets"}},
      .handler = run_show,
      .lists = render::lists_of<pair::CodeInfo>,
  };
}

int run_unpair(Context& context) {
  const auto device = parse_address(context.args.items.front());
  if (!device) return context.fail(device.error());
  const auto done = pair::unpair(*device, context.stop());
  if (!done) return context.fail(done.error());
  render::Outcome outcome;
  outcome.record = pair::UnpairResult{device->str()};
  outcome.text = [address = device->str()](std::ostream& out) {
    out << address << ": the bond has ended\n";
  };
  return context.ui.finish(outcome);
}

Command unpair_verb() {
  return {
      .name = "unpair",
      .summary = "end a Bluetooth bond of this host",
      .description = "The device keeps its side of the bond until it is reset.",
      .positionals = {{.name = "ADDRESS",
                       .help = "ble:AA:BB:CC:DD:EE:FF or bluetooth:AA:BB:CC:DD:EE:FF",
                       .complete = Complete::address}},
      .examples = {{"pair unpair bluetooth:A4:C1:38:00:00:01", "Forget a speaker"}},
      .handler = run_unpair,
      .lists = render::lists_of<pair::UnpairResult>,
  };
}

std::vector<Option> pair_options() {
  std::vector<Choice> protocols;
  for (const pair::ProtocolInfo& one : pair::protocol_list()) {
    protocols.push_back({one.name, one.summary});
  }
  return {
      {.names = "--at",
       .value = "ADDRESS",
       .help = "Where the device of the setup code is",
       .complete = Complete::address},
      {.names = "--image",
       .value = "FILE",
       .help = "A setup code in a picture (PNG), like a TARGET; may be repeated",
       .complete = Complete::file,
       .repeatable = true},
      {.names = "--wifi-file",
       .value = "FILE",
       .help = "The Wi-Fi network: a YAML file with ssid: and password:; - is standard input",
       .complete = Complete::file},
      {.names = "--wifi-from-host",
       .help = "The Wi-Fi network that this host is on, as NetworkManager has it"},
      {.names = "--access-point",
       .value = "FILE",
       .help = "Move this host's Wi-Fi to the device's own access point and back: a YAML file with "
               "ssid: and password:; - is standard input",
       .complete = Complete::file},
      {.names = "--restore-wifi",
       .help = "Bring this host's Wi-Fi back after a run that was killed, and do nothing else"},
      {.names = "--secret-file",
       .value = "FILE",
       .help = "The devices' secrets: a YAML file with pop:, username:, passkey: or token:; - is "
               "standard input",
       .complete = Complete::file},
      {.names = "--protocol",
       .value = "NAME",
       .help = "How to pair; by the target by default",
       .choices = std::move(protocols)},
      {.names = "--io",
       .value = "WHAT",
       .help = "What this side of a Bluetooth bond can do [auto]"},
      {.names = "--confirm", .help = "Find the device again on this host's network"},
      {.names = "--record",
       .value = "FILE",
       .help = "Skip the devices in FILE, and add those that are paired",
       .complete = Complete::file},
      {.names = "--token-file",
       .value = "FILE",
       .help =
           "File for miIO tokens or the keys of a HomeKit pairing, which is removed without it; a "
           "folder gets a file for each device",
       .complete = Complete::file},
      {.names = "--endpoint",
       .value = "NAME",
       .help = "Send the bytes of --data to this endpoint of an ESP device, too"},
      {.names = "--data",
       .value = "FILE",
       .help = "What --endpoint is sent",
       .complete = Complete::file},
      {.names = "--devices",
       .value = "FILE",
       .help = "Devices from a file: addresses or codes, CSV, or what `aiotctl discover` prints as "
               "JSON; - is standard input",
       .complete = Complete::file},
      {.names = "-j,--jobs", .value = "N", .help = "Pair N devices at once; all by default"},
      {.names = "--trace",
       .value = "FILE",
       .help = "Write the bytes on the wire to FILE, with times; %d is the device's number, for "
               "several",
       .complete = Complete::file},
  };
}

}  // namespace

Command pair_devices() {
  return {
      .name = "pair",
      .summary = "bring devices from their box to the network",
      .description =
          "Pairs each device by its setup code or its address, gives it the Wi-Fi network, and "
          "reports the stages it reached: found, connected, authenticated, credentials sent, "
          "joined, confirmed. A device that fails is reported with the step and the cause, and "
          "does not stop the others.\n\n"
          "Secrets come from files that their owner alone may read, or from standard input. A "
          "setup code is a secret as well; one that is an argument is blanked in the process's "
          "argument list at once.",
      .positionals = {{.name = "TARGET",
                       .help = "an address that `aiotctl discover` printed, or a setup code: ESP "
                               "JSON, DPP:…, X-HM://…, MT:…, WIFI:…",
                       .min = 0,
                       .max = 0,
                       .complete = Complete::address}},
      .options = pair_options(),
      .common =
          "--wifi-file --wifi-from-host --at --image --secret-file --confirm --devices --jobs "
          "--record",
      .examples = {{"pair http://192.168.4.1 --wifi-file wifi.yaml --secret-file pop.yaml",
                    "A device with an access point of its own"},
                   {"discover --where state=unprovisioned --jsonl | aiotctl pair --devices - "
                    "--wifi-file wifi.yaml",
                    "All that wait nearby"},
                   {"pair --devices codes.csv --wifi-file wifi.yaml --record done.jsonl --jobs 8",
                    "A batch; a repeated run pairs those that are left"},
                   {"pair show MT:Y.K9042C00KA0648G00", "What a code says"}},
      .commands = {show_verb(), unpair_verb()},
      .handler = run_pair,
      .lists = render::lists_of<pair::Report>,
  };
}

}  // namespace aiot::cli::command
