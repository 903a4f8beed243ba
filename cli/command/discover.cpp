#include <fmt/format.h>

#include <ostream>

#include "aiot/units.hpp"
#include "command/commands.hpp"
#include "context.hpp"
#include "discovered.hpp"
#include "errors.hpp"
#include "render/discover_text.hpp"
#include "render/table.hpp"

namespace aiot::cli::command {
namespace {

/// A capture is read to its end, however long that takes.
constexpr std::chrono::hours longest_capture{24};

/// The values of a repeatable option, each also a list with commas.
std::vector<std::string> words(const std::vector<std::string>& values) {
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

Result<discover::Request> make_request(const Context& context) {
  const Arguments& args = context.args;
  discover::Request request;
  AIOT_TRY(request.timeout,
           parse_duration(context.setting("--timeout", "discover.timeout")).with("--timeout"));
  if (request.timeout.count() <= 0) {
    return make_error(Errc::bad_value, "--timeout", "a search takes some time, such as 3s");
  }
  request.only = words(args.all("--only"));
  request.except = words(args.has("--except")
                             ? args.all("--except")
                             : std::vector{context.settings.config.get("discover.except").value});
  request.interfaces = words(args.all("--interface"));
  request.subnets = words(args.all("--subnet"));
  request.keys_file = context.setting("--keys", "discover.keys");
  request.pcap_file = args.get("--pcap").value_or("");
  request.btsnoop_file = args.get("--btsnoop").value_or("");
  request.where = args.get("--where").value_or("");
  request.probe = args.has("--probe");
  request.watch = args.has("--watch");
  const bool capture = !request.pcap_file.empty() || !request.btsnoop_file.empty();
  if (capture && (request.watch || request.probe)) {
    return make_error(Errc::conflict, "a capture and --watch or --probe",
                      "a capture is read once, to its end");
  }
  if (capture && !args.has("--timeout")) request.timeout = longest_capture;
  return request;
}

int list_sources(Context& context) {
  Array rows;
  std::vector<std::vector<std::string>> cells;
  for (const discover::SourceInfo& source : context.environment.discover_sources()) {
    rows.emplace_back(Object{{"name", source.name}, {"description", source.description}});
    cells.push_back({source.name, source.description});
  }
  render::Outcome outcome;
  outcome.record = Record{"aiot.discover.list/1", Object{{"sources", std::move(rows)}}};
  outcome.text = [&cells](std::ostream& out) { out << render::table(cells, 0); };
  return context.ui.finish(outcome);
}

bool flag(const Object& result, std::string_view name) {
  const Value* value = result.find(name);
  return value != nullptr && *value == Value(true);
}

/// That nothing was found is a failure of its own, told beside what became of the sources.
void judge(const discover::Request& request, render::Outcome& outcome) {
  const Object result = outcome.record.fields();
  const Value* devices = result.find("devices");
  const bool none = devices == nullptr || devices->array() == nullptr || devices->array()->empty();
  const bool captured = !request.pcap_file.empty() || !request.btsnoop_file.empty();
  if (!flag(result, "complete")) {
    outcome.failures.push_back({"", "", make_error(Errc::stopped)});
  } else if (none && !request.watch) {
    outcome.failures.push_back(
        {"", "",
         make_error(captured ? Errc::nothing_captured : Errc::nothing_found, request.where)});
  }
}

int run_discover(Context& context) {
  if (context.args.has("--list")) return list_sources(context);
  const auto request = make_request(context);
  if (!request.has_value()) return context.fail(request.error());
  const Settings& settings = context.settings;
  if (request->watch) {
    context.ui.show_items(render::WatchText());
    if (context.environment.signals) context.environment.signals->stop_when_reader_leaves();
  }
  const auto record = context.environment.find_devices(*request, context.ui, context.stop());
  if (!record.has_value()) return context.fail(record.error());

  render::Outcome outcome;
  outcome.record = *record;
  outcome.ended_by_signal_is_success = request->watch;
  outcome.text = [&](std::ostream& out) {
    const Terminal& terminal = context.environment.terminal;
    const std::size_t width = terminal.out && terminal.columns ? terminal.columns() : 0;
    if (!request->watch) {
      render::print_devices(out, record->fields, width, settings.verbosity > 0);
      out.flush();
    }
    if (!settings.quiet) {
      render::print_blind_sources(context.err, record->fields, settings.verbosity > 0);
    }
  };
  judge(*request, outcome);
  if (request->pcap_file.empty() && request->btsnoop_file.empty()) {
    remember_devices(record->fields, context.environment);
  }
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
      .examples = {{"discover", "What is here?"},
                   {"discover --where 'state=unprovisioned' -v",
                    "What waits, and how is it known?"},
                   {"discover --watch --jsonl", "What comes and goes, for a script"}},
      .handler = run_discover,
  };
}

}  // namespace aiot::cli::command
