#include "command/listen_options.hpp"

#include <fmt/format.h>

#include <charconv>

#include "aiot/units.hpp"
#include "errors.hpp"

namespace aiot::cli::command {
namespace {

template <class Number>
Result<Number> number(const std::string& name, const std::string& text) {
  Number value = 0;
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  if (error != std::errc() || end != last) {
    return make_error(Errc::bad_value, fmt::format("{} {}", name, text), "write a whole number");
  }
  return value;
}

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
  AIOT_TRY(request.count, number<std::uint64_t>("--count", args.get("--count").value_or("0")));
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
           number<std::uint32_t>("--baud", context.setting("--baud", "listen.baud")));
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
           number<unsigned>("--log-files", args.get("--log-files").value_or("5")));
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

}  // namespace

Result<std::vector<Address>> listen_sources(const Context& context) {
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
  request.elf_file = context.args.get("--elf").value_or("");
  return request;
}

std::shared_ptr<render::MessageStyle> message_style(const Context& context, std::size_t sources) {
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
       .help = "Firmware with debug information: says where a panic happened",
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
       .help = "Bind keys of encrypted adverts, MAC: KEY a line",
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

}  // namespace aiot::cli::command
