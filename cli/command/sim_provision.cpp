#include <fmt/format.h>

#include <ostream>

#include "command/sim.hpp"
#include "help.hpp"
#include "render/envelope.hpp"
#include "render/json.hpp"
#include "render/table.hpp"

namespace aiot::cli::command {
namespace {

/// The events of a virtual device are for programs; people see its log and notices.
class Quiet final : public EventSink {
 public:
  explicit Quiet(EventSink& to) : to_(to) {}
  void on_event(const Event& event) override {
    const bool said =
        std::holds_alternative<event::Log>(event) || std::holds_alternative<event::Notice>(event);
    if (said) to_.on_event(event);
  }

 private:
  EventSink& to_;
};

int run_provision(Context& context) {
  const Arguments& args = context.args;
  if (args.has("--list")) return list_kinds(context, sim::provision_catalog());
  sim::ProvisionRequest request;
  request.kind = args.get("--kind").value_or("");
  if (request.kind.empty()) {
    return context.fail(make_error(Errc::missing_argument, "sim provision: --kind",
                                   "`aiotctl sim provision --list` shows the kinds"));
  }
  request.port = args.get("--port").value_or("");
  const auto count = number_option<unsigned>(args, "--count", 1);
  if (!count) return context.fail(count.error());
  request.count = *count;
  request.faults = args.all("--fault");
  request.wifi_file = args.get("--wifi-file").value_or("");
  request.secret_file = args.get("--secret-file").value_or("");
  return serve(context, [&](const SimReady& ready, EventSink& sink) {
    return context.environment.simulate_provision(request, ready, sink, context.stop());
  });
}

}  // namespace

int list_kinds(Context& context, const sim::ProvisionCatalog& catalog) {
  render::Outcome outcome;
  outcome.record = catalog;
  outcome.text = [&](std::ostream& out) {
    print_choices(out, "Devices (--kind)", catalog.kinds);
    out << "Faults (--fault)\n"
        << render::wrap(catalog.fault_grammar, help_width(context.environment), 2);
  };
  return context.ui.finish(outcome);
}

int serve(Context& context, const SimJob& job) {
  if (context.settings.format == Format::json) {
    return context.fail(make_error(Errc::conflict, "sim and one JSON document",
                                   "sim prints a JSON line for each device as it is; --jsonl adds "
                                   "its events"));
  }
  if (context.environment.signals) context.environment.signals->stop_when_reader_leaves();

  // A line at once for each device: its reader connects before the next is there.
  const auto ready = [&](const sim::Ready& device) {
    std::string line = "{";
    if (context.settings.format == Format::jsonl) {
      line += fmt::format("\"event\":\"ready\",\"time_s\":{},", context.ui.time_s());
    }
    render::append_fields(line, device);
    context.out << line << "}\n" << std::flush;
  };
  Quiet quiet(context.ui);
  EventSink& sink =
      context.settings.format == Format::text ? static_cast<EventSink&>(quiet) : context.ui;
  const auto report = job(ready, sink);
  render::Outcome outcome;
  outcome.ended_by_signal_is_success = true;
  if (report.has_value()) {
    outcome.record = *report;
  } else if (report.error().condition() != Condition::cancelled) {
    outcome.failures.push_back({"", "", report.error()});
  }
  // Standard output is the list of devices; what they did is worth saying only to machines.
  outcome.text = [](std::ostream&) {};
  return context.ui.finish(outcome);
}

void print_choices(std::ostream& out, const char* title, const std::vector<sim::Choice>& choices) {
  out << title << '\n';
  std::vector<std::vector<std::string>> rows;
  for (const sim::Choice& choice : choices) rows.push_back({choice.name, choice.description});
  out << render::table(rows, 0, 2);
}

Command sim_provision() {
  return {
      .name = "provision",
      .summary = "run virtual devices that wait to be paired",
      .description =
          "Prints a JSON line for each device once it can be connected to, and serves until it is "
          "stopped, as `aiotctl sim` does. `aiotctl pair --devices -` takes the lines as they are.",
      .options =
          {{.names = "--kind", .value = "KIND", .help = "What it speaks; --list shows all"},
           {.names = "-p,--port",
            .value = "PORT",
            .help = "Where it listens, as the kind takes it; port 0 takes a free one"},
           {.names = "--count",
            .value = "N",
            .help = fmt::format("How many, 1 to {}; each has its own name and MAC",
                                sim::max_devices)},
           {.names = "--fault",
            .value = "FAULT",
            .help = "Something that goes wrong, such as silent@joined; may be repeated; --list "
                    "shows all",
            .repeatable = true},
           {.names = "--wifi-file",
            .value = "FILE",
            .help = "The network around it: a YAML file with ssid: and password:; else it joins any",
            .complete = Complete::file},
           {.names = "--secret-file",
            .value = "FILE",
            .help = "The secrets it expects: a YAML file with pop:, username:, passkey: or token:",
            .complete = Complete::file},
           {.names = "--list", .help = "Show the kinds and the faults there are"}},
      .examples = {{"sim provision --kind esp", "One device, with a setup code"},
                   {"sim provision --kind esp --count 4 | aiotctl pair --devices - --wifi-file "
                    "wifi.yaml",
                    "Four devices, paired at once"}},
      .handler = run_provision,
      .lists = render::lists_of<sim::Report, sim::ProvisionCatalog>,
  };
}

}  // namespace aiot::cli::command
