#include <fmt/format.h>

#include <algorithm>
#include <ostream>
#include <stop_token>

#include "aiot/units.hpp"
#include "command/commands.hpp"
#include "context.hpp"
#include "discovered.hpp"
#include "errors.hpp"
#include "render/discover_text.hpp"
#include "render/envelope.hpp"
#include "render/table.hpp"

namespace aiot::cli::command {
namespace {

/// A capture is read to its end, however long that takes.
constexpr std::chrono::hours longest_capture{24};

/// The values of a repeatable option, each also a list with commas.
std::vector<std::string> split_words(const std::vector<std::string>& values) {
  std::vector<std::string> out;
  for (const std::string& value : values) {
    for (std::size_t at = 0; at <= value.size();) {
      const std::size_t end = std::min(value.find(',', at), value.size());
      if (end > at) out.push_back(value.substr(at, end - at));
      at = end + 1;
    }
  }
  return out;
}

bool is_capture(const discover::Request& request) {
  return !request.pcap_file.empty() || !request.btsnoop_file.empty();
}

Result<discover::Request> discover_request(const Context& context) {
  const Arguments& args = context.args;
  discover::Request request;
  AIOT_TRY(request.timeout,
           parse_duration(context.setting("--timeout", "discover.timeout")).with("--timeout"));
  if (request.timeout.count() <= 0) {
    return make_error(Errc::bad_value, "--timeout", "a search takes some time, such as 3s");
  }
  request.only = split_words(args.all("--only"));
  request.except = split_words(args.has("--except")
                             ? args.all("--except")
                             : std::vector{context.settings.config.get("discover.except").value});
  request.interfaces = split_words(args.all("--interface"));
  request.subnets = split_words(args.all("--subnet"));
  request.keys_file = context.setting("--keys", "discover.keys");
  request.pcap_file = args.get("--pcap").value_or("");
  request.btsnoop_file = args.get("--btsnoop").value_or("");
  request.where = args.get("--where").value_or("");
  request.probe = args.has("--probe");
  request.watch = args.has("--watch");
  const bool capture = is_capture(request);
  if (capture && (request.watch || request.probe)) {
    return make_error(Errc::conflict, "a capture and --watch or --probe",
                      "a capture is read once, to its end");
  }
  if (capture && !args.has("--timeout")) request.timeout = longest_capture;
  return request;
}

int list_sources(Context& context) {
  discover::SourceList list{context.environment.discover_sources()};
  std::vector<std::vector<std::string>> cells;
  for (const auto& [name, description] : list.sources) cells.push_back({name, description});
  render::Outcome outcome;
  outcome.record = std::move(list);
  outcome.text = [&cells](std::ostream& out) { out << render::table(cells, 0); };
  return context.ui.finish(outcome);
}

/// That nothing was found is a failure of its own, beside what became of the sources.
void add_failures(const discover::Request& request, const discover::Report& report,
                  render::Outcome& outcome) {
  if (!report.complete) {
    outcome.failures.push_back({"", "", make_error(Errc::stopped)});
  } else if (report.devices.empty() && !request.watch) {
    const Errc code = is_capture(request) ? Errc::nothing_captured : Errc::nothing_found;
    outcome.failures.push_back({"", "", make_error(code, request.where)});
  }
}

/// On a terminal: what the next seconds are spent on.
void print_wait(Context& context, const discover::Request& request) {
  const bool shown = context.environment.terminal.err && !context.settings.quiet &&
                     context.settings.format == Format::text;
  if (!shown || is_capture(request)) return;
  std::vector<std::string> names;
  for (const discover::SourceInfo& source : context.environment.discover_sources()) {
    const auto has = [&](const std::vector<std::string>& list) {
      return std::find(list.begin(), list.end(), source.name) != list.end();
    };
    if ((request.only.empty() || has(request.only)) && !has(request.except)) {
      names.push_back(source.name);
    }
  }
  const std::string time =
      request.watch ? "until Ctrl-C"
                    : fmt::format("for {}", format_duration(request.timeout));
  context.err << fmt::format("waiting {} for replies: {}\n", time, fmt::join(names, ", "));
  context.err.flush();
}

int run_discover(Context& context) {
  if (context.args.has("--list")) return list_sources(context);
  const auto request = discover_request(context);
  if (!request.has_value()) return context.fail(request.error());
  const Settings& settings = context.settings;
  if (request->watch) {
    context.ui.show_items(render::WatchText());
    if (context.environment.signals) context.environment.signals->stop_when_reader_leaves();
  }
  const std::stop_token stop = context.stop();
  print_wait(context, *request);
  const auto report = context.environment.find_devices(*request, context.ui, stop);
  if (!report.has_value()) return context.fail(report.error());

  render::Outcome outcome;
  outcome.record = *report;
  outcome.ended_by_signal_is_success = request->watch;
  outcome.text = [&](std::ostream& out) {
    const Terminal& terminal = context.environment.terminal;
    const std::size_t width = terminal.out && terminal.columns ? terminal.columns() : 0;
    if (!request->watch) {
      render::print_devices(out, *report, width, settings.verbosity > 0);
      out.flush();
    }
    if (!settings.quiet) {
      render::print_unavailable_sources(context.err, *report, settings.verbosity > 0,
                                        terminal.err && terminal.columns ? terminal.columns() : 0);
    }
  };
  add_failures(*request, *report, outcome);
  if (!is_capture(*request)) remember_devices(*report, context.environment);
  return context.ui.finish(outcome);
}

}  // namespace

Command discover() {
  return {
      .name = "discover",
      .summary = "find nearby devices, one line each",
      .description =
          "Looks in every way there is, side by side, and ends when --timeout is over (3 s). What "
          "several sources see of one device is one line, with what it is, its state, what can be "
          "done with it, and an address that the other commands take. A source that could not look "
          "says why. Exit code 4 when nothing matches.",
      .options = {{.names = "-w,--where",
                   .value = "FILTER",
                   .help =
                       "Only devices that match, such as 'ecosystem=matter state=unprovisioned'"},
                  {.names = "--only",
                   .value = "SOURCE",
                   .help = "Look in this way alone; may be repeated; --list shows all",
                   .repeatable = true},
                  {.names = "--except",
                   .value = "SOURCE",
                   .help = "Do not look in this way; may be repeated",
                   .key = "discover.except",
                   .repeatable = true},
                  {.names = "-i,--interface",
                   .value = "NAME",
                   .help = "Look on this network interface alone; may be repeated",
                   .repeatable = true},
                  {.names = "--subnet",
                   .value = "NETWORK",
                   .help =
                       "Ask each address of NETWORK too, such as 192.168.1.0/24: routed networks",
                   .repeatable = true},
                  {.names = "--keys",
                   .value = "FILE",
                   .help = "Bind keys of encrypted adverts, MAC: KEY a line",
                   .key = "discover.keys",
                   .complete = Complete::file},
                  {.names = "--probe", .help = "Open serial ports and identify their chips"},
                  {.names = "--watch", .help = "Go on, and say what comes, changes and goes"},
                  {.names = "--pcap",
                   .value = "FILE",
                   .help = "Read packets from a capture instead of looking",
                   .complete = Complete::file},
                  {.names = "--btsnoop",
                   .value = "FILE",
                   .help = "Read Bluetooth adverts from a capture instead of looking",
                   .complete = Complete::file},
                  {.names = "--list", .help = "Show the ways to look"}},
      .common = "--where --only --subnet --probe --watch --list",
      .examples = {{"discover", "What is here?"},
                   {"discover --where 'state=unprovisioned' -v",
                    "What waits, and how is it known?"},
                   {"discover --watch --jsonl", "What comes and goes, for a script"}},
      .handler = run_discover,
      .lists = render::lists_of<discover::Report, discover::SourceList>,
  };
}

}  // namespace aiot::cli::command
