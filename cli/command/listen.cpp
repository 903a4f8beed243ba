#include "aiot/listen.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <ostream>

#include "aiot/units.hpp"
#include "command/commands.hpp"
#include "command/numbers.hpp"
#include "command/keyboard.hpp"
#include "errors.hpp"
#include "render/envelope.hpp"
#include "render/message_text.hpp"
#include "render/table.hpp"

namespace aiot::cli::command {
namespace {

/// `--json` has all messages in its one document: as many as a document should hold.
constexpr std::size_t most_kept = 10'000;

Result<std::chrono::milliseconds> duration(const std::string& name, const std::string& text) {
  return parse_duration(text).with(name);
}

/// --yes or --no of a pair; nullopt when neither was given.
Result<std::optional<bool>> either(const Arguments& args, const std::string& name) {
  const bool yes = args.has("--" + name);
  const bool no = args.has("--no-" + name);
  if (yes && no) {
    return make_error(Errc::conflict, fmt::format("--{0} and --no-{0}", name), "choose one");
  }
  return yes || no ? std::optional(yes) : std::nullopt;
}

listen::Framing framing_of(const std::string& word) {
  if (word == "idle") return listen::Framing::idle;
  return word == "none" ? listen::Framing::none : listen::Framing::line;
}

/// What ends it, and what it means.
Result<void> take_conditions(const Context& context, listen::Request& request) {
  const Arguments& args = context.args;
  request.filter = args.get("--filter").value_or("");
  request.expect = args.get("--expect").value_or("");
  request.fail_on = args.get("--fail-on").value_or("");
  if (args.has("--timeout") && request.expect.empty()) {
    return make_error(Errc::conflict, "--timeout without --expect",
                      "--timeout fails when what --expect waits for does not come; --duration TIME "
                      "listens that long");
  }
  request.timeout = context.settings.timeout;
  AIOT_TRY(request.duration, duration("--duration", args.get("--duration").value_or("0")));
  AIOT_TRY(request.count, parse_number<std::uint64_t>("--count", args.get("--count").value_or("0")));
  if (args.has("--count") && request.count == 0) {
    return make_error(Errc::bad_value, "--count 0", "leave it out to listen without an end");
  }
  return {};
}

Result<void> take_port(const Context& context, listen::Request& request) {
  const Arguments& args = context.args;
  request.framing = framing_of(args.get("--framing").value_or("line"));
  AIOT_TRY(request.idle, duration("--idle", context.setting("--idle", "listen.idle")));
  AIOT_TRY(request.baud_bps,
           parse_number<std::uint32_t>("--baud", context.setting("--baud", "listen.baud")));
  AIOT_TRY(const std::optional<bool> reset, either(args, "reset"));
  request.reset = reset.value_or(false);
  AIOT_TRY(request.reconnect, either(args, "reconnect"));
  return {};
}

Result<void> take_log(const Context& context, listen::Request& request) {
  const Arguments& args = context.args;
  request.log_file = args.get("--log").value_or("");
  AIOT_TRY(request.log_bytes, parse_size(args.get("--log-size").value_or("0")).with("--log-size"));
  AIOT_TRY(request.log_files,
           parse_number<unsigned>("--log-files", args.get("--log-files").value_or("5")));
  if (request.log_files > 1000) return make_error(Errc::bad_value, "--log-files: 0 to 1000");
  if (request.log_file.empty() && (args.has("--log-size") || args.has("--log-files"))) {
    return make_error(Errc::missing_argument, "--log", "name the log file: --log FILE");
  }
  return {};
}

void take_broker(const Context& context, listen::Request& request) {
  const Arguments& args = context.args;
  request.mqtt_version = args.get("--mqtt-version").value_or("5") == "5" ? 5 : 4;
  request.mqtt_qos = args.get("--qos").value_or("0").front() - '0';
  request.mqtt_client_id = args.get("--client-id").value_or("");
  request.credentials_file = context.setting("--credentials", "listen.credentials");
  request.ca_file = context.setting("--ca", "listen.ca");
  request.certificate_file = context.setting("--cert", "listen.cert");
  request.key_file = context.setting("--key", "listen.key");
}

render::Raw raw_of(const std::string& word, bool terminal) {
  if (word == "none") return render::Raw::none;
  if (word == "colour") return render::Raw::colour;
  if (word == "all") return render::Raw::all;
  return terminal ? render::Raw::colour : render::Raw::none;
}

render::Stamp stamp_of(const std::string& word) {
  if (word == "none") return render::Stamp::none;
  if (word == "utc") return render::Stamp::utc;
  return word == "elapsed" ? render::Stamp::elapsed : render::Stamp::local;
}

Result<std::vector<Address>> sources_of(const Context& context) {
  std::vector<Address> sources;
  for (const std::string& word : context.args.items) {
    AIOT_TRY(sources.emplace_back(), parse_address(word));
  }
  return sources;
}

Result<listen::Request> listen_request(const Context& context) {
  listen::Request request;
  AIOT_CHECK(take_conditions(context, request));
  AIOT_CHECK(take_port(context, request));
  AIOT_CHECK(take_log(context, request));
  take_broker(context, request);
  request.keys_file = context.setting("--keys", "discover.keys");
  if (context.settings.format == Format::json) request.keep = most_kept;
  request.elf_file = context.args.get("--elf").value_or("");
  return request;
}

std::shared_ptr<render::MessageStyle> style_of(const Context& context, std::size_t sources) {
  auto style = std::make_shared<render::MessageStyle>();
  const std::string stamp = context.setting("--stamp", "listen.stamp");
  style->raw = raw_of(context.setting("--raw", "listen.raw"),
                      context.environment.terminal.out && context.settings.color_out);
  style->stamp = stamp_of(stamp);
  style->hex = context.args.has("--hex");
  style->name_source = sources > 1;
  style->color = context.settings.color_out;
  return style;
}

std::vector<Option> listen_options() {
  return {
      {.names = "-e,--expect",
       .value = "REGEX",
       .help = "End with exit 0 at the first message in which this is found"},
      {.names = "--fail-on",
       .value = "REGEX",
       .help = "End with exit 9 at the first message in which this is found"},
      {.names = "--count", .value = "N", .help = "End after N messages"},
      {.names = "--duration", .value = "TIME", .help = "End after this long: 30s, 2m"},
      {.names = "-f,--filter",
       .value = "EXPR",
       .help = "Only messages that match: 'severity<=4 topic=home/*', as `discover --where`"},
      {.names = "--framing",
       .value = "HOW",
       .help = "Where a message of a stream ends",
       .choices = {{"line", "at a line feed, or where nothing follows"},
                   {"idle", "where nothing follows for --idle"},
                   {"none", "nowhere: pieces as they arrive"}}},
      {.names = "--idle",
       .value = "TIME",
       .help = "How long nothing must follow",
       .key = "listen.idle"},
      {.names = "-b,--baud", .value = "BPS", .help = "Serial speed", .key = "listen.baud"},
      {.names = "--reset", .help = "Restart the device first, by DTR and RTS"},
      {.names = "--no-reset", .help = "Leave DTR and RTS alone, as it is without --reset"},
      {.names = "--reconnect", .help = "Come back also after a connection was closed"},
      {.names = "--no-reconnect", .help = "End when a port is unplugged or a connection is lost"},
      {.names = "--send", .help = "Send standard input to the device; listen on when it ends"},
      {.names = "--raw",
       .value = "WHAT",
       .help = "What of a device's control bytes may reach the terminal; auto is colour on one",
       .key = "listen.raw",
       .choices = {{"auto"},
                   {"none", "nothing: they are written out"},
                   {"colour", "colour and style (SGR)", {"color"}},
                   {"all", "everything"}}},
      {.names = "--hex", .help = "Show every payload as a dump; binary ones are shown so anyway"},
      {.names = "--stamp",
       .value = "WHICH",
       .help = "What stands in front of each line",
       .key = "listen.stamp",
       .choices = {{"local", "time of day"},
                   {"utc", "date and time, UTC"},
                   {"elapsed", "seconds since the first message"},
                   {"none", "nothing"}}},
      {.names = "--escape-key",
       .value = "KEY",
       .help = "Keyboard mode: the key that speaks to aiotctl",
       .key = "listen.escape_key"},
      {.names = "-o,--log",
       .value = "FILE",
       .help = "Append every message to FILE",
       .complete = Complete::file},
      {.names = "--log-size", .value = "SIZE", .help = "Begin a new log file beyond SIZE: 10MB"},
      {.names = "--log-files", .value = "N", .help = "Keep N old log files [5]"},
      {.names = "--elf",
       .value = "FILE",
       .help = "Firmware with debug information: shows where a panic happened",
       .complete = Complete::file},
      {.names = "--qos",
       .value = "N",
       .help = "MQTT quality of service",
       .choices = {{"0"}, {"1"}, {"2"}}},
      {.names = "--mqtt-version",
       .value = "VERSION",
       .help = "MQTT protocol",
       .choices = {{"5"}, {"3.1.1", "", {"3", "4"}}}},
      {.names = "--client-id", .value = "ID", .help = "MQTT client id; made up by default"},
      {.names = "--credentials",
       .value = "FILE",
       .help = "YAML with user and password, readable by you alone",
       .key = "listen.credentials",
       .complete = Complete::file},
      {.names = "--keys",
       .value = "FILE",
       .help = "Bind keys of encrypted advertisements, a line `MAC: KEY` for each",
       .key = "discover.keys",
       .complete = Complete::file},
      {.names = "--ca",
       .value = "FILE",
       .help = "Certificate authorities for TLS (PEM)",
       .key = "listen.ca",
       .complete = Complete::file},
      {.names = "--cert",
       .value = "FILE",
       .help = "Client certificate (PEM)",
       .key = "listen.cert",
       .complete = Complete::file},
      {.names = "--key",
       .value = "FILE",
       .help = "Its private key (PEM)",
       .key = "listen.key",
       .complete = Complete::file},
      {.names = "--list", .help = "Show the kinds of address there are"},
  };
}

/// Passes events on, and stops when the output is not read any more.
class OutputGuard final : public EventSink {
 public:
  OutputGuard(render::Renderer& ui, std::ostream& out, std::stop_source& stop)
      : ui_(ui), out_(out), stop_(stop) {}
  void on_event(const Event& event) override { ui_.on_event(event); }
  void on_pause() override {
    ui_.on_pause();
    if (!out_) stop_.request_stop();
  }

 private:
  render::Renderer& ui_;
  std::ostream& out_;
  std::stop_source& stop_;
};

std::string summary(const listen::Report& report) {
  std::string text = fmt::format("{} messages, {} bytes", report.messages, report.bytes);
  if (report.filtered > 0) text += fmt::format(", {} filtered out", report.filtered);
  if (report.log_lost.value_or(0) > 0) {
    text += fmt::format(", {} missing in the log", *report.log_lost);
  }
  return text + '\n';
}

render::Outcome listen_outcome(const listen::Report& report) {
  render::Outcome outcome;
  outcome.record = report;
  outcome.ended_by_signal_is_success = true;
  outcome.devices = report.sources.size();
  if (report.error) {
    // The check failed, or the record of it: that is what the exit code reports.
    outcome.devices = 1;
    outcome.failures.push_back({"", "", *report.error});
  } else if (report.ended_by != listen::EndedBy::expect) {
    for (const listen::SourceResult& source : report.sources) {
      if (source.error) outcome.failures.push_back({source.address, "", *source.error});
    }
  }
  // Standard output has the messages; how many they were goes beside it.
  outcome.text = [](std::ostream&) {};
  return outcome;
}

/// `--list`: every kind of address.
int list_schemes(Context& context) {
  const listen::Catalog catalog{context.environment.listen_schemes()};
  render::Outcome outcome;
  outcome.record = catalog;
  outcome.text = [&catalog](std::ostream& out) {
    std::vector<std::vector<std::string>> rows;
    for (const listen::Scheme& scheme : catalog.addresses) {
      rows.push_back({scheme.form, scheme.description});
    }
    out << render::table(rows, 0);
  };
  return context.ui.finish(outcome);
}

int run_listen(Context& context) {
  if (context.args.has("--list")) return list_schemes(context);
  if (context.args.items.empty()) {
    return context.fail(make_error(Errc::missing_argument, "listen: ADDRESS",
                                   "name what to listen to; `aiotctl listen --list` shows all "
                                   "kinds of address"));
  }
  auto sources = sources_of(context);
  if (!sources) return context.fail(sources.error());
  auto request = listen_request(context);
  if (!request) return context.fail(request.error());
  const auto style = style_of(context, sources->size());
  const bool text = context.settings.format == Format::text;

  // The reader of the output may leave: that ends it as a signal does.
  if (context.environment.signals) context.environment.signals->stop_when_reader_leaves();
  std::stop_source stop;
  const std::stop_token signal = context.stop();
  const std::stop_callback on_signal(signal, [&stop] { stop.request_stop(); });

  auto keyboard = make_keyboard(context, *sources, style, stop);
  if (!keyboard) return context.fail(keyboard.error());
  if (*keyboard) {
    style->stream = true;
    request->framing = listen::Framing::none;
    request->input = (*keyboard)->input();
  } else if (context.args.has("--send")) {
    request->input = context.environment.read_input;
  }

  context.ui.show_items(render::MessageText(style));
  context.ui.hold_items();
  OutputGuard guard(context.ui, context.out, stop);
  auto report = context.environment.listen(*sources, *request, guard, stop.get_token());
  keyboard->reset();
  if (!report) return context.fail(report.error());

  const render::Outcome outcome = listen_outcome(*report);
  if (text && !context.settings.quiet) context.err << summary(*report);
  if (context.settings.format == Format::jsonl) {
    context.ui.on_event(event::Finished{"", outcome.record});
  }
  return context.ui.finish(outcome);
}

}  // namespace

Command listen() {
  return {
      .name = "listen",
      .summary = "monitor device output: serial, network, syslog, MQTT, CoAP, Bluetooth",
      .description =
          "Monitors all addresses side by side; messages are shown in the order of time, each with a "
          "time stamp. --jsonl prints each as a line of JSON, whatever bytes it has. Ctrl-C, "
          "SIGTERM and a reader that leaves end it with exit 0, unless --expect still waits.\n\n"
          "On a terminal, with one serial port or connection, what is typed goes to the device: "
          "Ctrl-T q quits, Ctrl-T ? lists the keys. --send takes standard input from a pipe "
          "instead, --no-input leaves it alone.\n\n"
          "Regular expressions are RE2's, and are searched in each message that passes --filter.",
      .positionals = {{.name = "ADDRESS",
                       .help = "what to listen to: /dev/ttyUSB0, tcp://HOST:PORT, "
                               "rfc2217://HOST:PORT, udp://0.0.0.0:PORT, syslog://0.0.0.0:514, "
                               "mqtt://HOST/TOPIC; --list shows all",
                       .min = 0,
                       .max = 0,
                       .complete = Complete::address}},
      .options = listen_options(),
      .common = "--expect --fail-on --count --duration --filter --baud --reset --log --elf --list",
      .examples =
          {{"listen /dev/ttyUSB0", "A serial console; Ctrl-T q quits"},
           {"listen --reset --expect 'app: ready' --fail-on 'Guru|abort' --timeout 30s "
            "/dev/ttyUSB0",
            "A boot check for a script: exit 0, 6 or 9"},
           {"listen --jsonl syslog://0.0.0.0:5514 udp://0.0.0.0:9000 | jq .data.payload",
            "Two sources as JSON"},
           {"listen --filter 'severity<=3' --log errors.log --log-size 10MB syslog://0.0.0.0:5514",
            "Errors alone, into a log that rotates"},
           {"listen 'mqtts://broker/home/#' --ca ca.pem --credentials me.yaml",
            "Everything below a topic"}},
      .handler = run_listen,
      .lists = render::lists_of<listen::Report, listen::Catalog>,
  };
}

}  // namespace aiot::cli::command
