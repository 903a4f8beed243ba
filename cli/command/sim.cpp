#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "aiot/units.hpp"
#include "command/commands.hpp"
#include "command/numbers.hpp"
#include "command/sim.hpp"
#include "context.hpp"
#include "errors.hpp"
#include "help.hpp"
#include "render/envelope.hpp"
#include "render/table.hpp"

namespace aiot::cli::command {
namespace {

Result<void> check_device(const Context& context, const std::string& device) {
  std::vector<std::string> kinds;
  for (const sim::Choice& kind : context.environment.sim_devices()) kinds.push_back(kind.name);
  if (std::find(kinds.begin(), kinds.end(), device) != kinds.end()) return {};
  const std::string near = nearest_word(device, kinds);
  return make_error(Errc::bad_value, fmt::format("sim: no virtual \"{}\"", device),
                    near.empty() ? fmt::format("there are {}", fmt::join(kinds, ", "))
                                 : fmt::format("did you mean {}?", near));
}

Result<sim::Request> sim_request(const Context& context) {
  const Arguments& args = context.args;
  sim::Request request;
  request.bench_model = args.get("--bench").value_or("");
  if (!request.bench_model.empty() && !args.items.empty()) {
    return make_error(Errc::conflict, "sim: a DEVICE and --bench",
                      "a device under test is a device of its own: leave DEVICE out");
  }
  if (args.items.empty() && request.bench_model.empty()) {
    return make_error(Errc::missing_argument, "sim: DEVICE",
                      "name a kind of device, such as esp32; `aiotctl sim --list` shows all");
  }
  if (!args.items.empty()) {
    request.device = args.items.front();
    AIOT_CHECK(check_device(context, request.device));
  }
  request.port = args.get("--port").value_or("pty");
  AIOT_TRY(request.count, number_option<unsigned>(args, "--count", 1));
  request.flash_file = args.get("--flash").value_or("");
  AIOT_TRY(request.flash_size,
           parse_size(context.setting("--flash-size", "sim.flash_size")).with("--flash-size"));
  AIOT_TRY(request.baud_limit, number_option<std::uint32_t>(args, "--baud-limit", 0));
  request.mac = args.get("--mac").value_or("");
  request.faults = args.all("--fault");
  request.profile = context.setting("--profile", "sim.profile");
  request.in_application = args.has("--app");
  request.monitor = args.has("--monitor");
  if (args.has("--latency")) {
    AIOT_TRY(request.latency, parse_duration(*args.get("--latency")).with("--latency"));
    if (request.latency.count() <= 0) {
      return make_error(Errc::bad_value, "--latency " + *args.get("--latency"),
                        "longer than nothing: 14ms; without it as long as on a Cortex-M4F");
    }
  }
  if (args.has("--rate")) {
    AIOT_TRY(request.lines_per_s, number_option<std::uint64_t>(args, "--rate", 1));
  }
  request.mqtt = args.get("--mqtt").value_or("");
  AIOT_TRY(request.mqtt_rate, number_option<std::uint64_t>(args, "--mqtt-rate", 0));
  AIOT_TRY(request.mqtt_interval,
           parse_duration(args.get("--mqtt-interval").value_or("1s")).with("--mqtt-interval"));
  request.credentials_file = args.get("--credentials").value_or("");
  request.ca_file = args.get("--ca").value_or("");
  return request;
}

int list_devices(Context& context) {
  const Environment& e = context.environment;
  render::Outcome outcome;
  outcome.record = sim::Catalog{.devices = e.sim_devices(),
                                .faults = e.sim_faults(),
                                .fault_grammar = e.sim_fault_grammar(),
                                .stages = e.sim_stages(),
                                .profiles = e.sim_profiles()};
  outcome.text = [&e](std::ostream& out) {
    print_choices(out, "Devices", e.sim_devices());
    print_choices(out, "Faults (--fault)", e.sim_faults());
    out << "How a fault is written\n" << render::wrap(e.sim_fault_grammar(), help_width(e), 2);
    print_choices(out, "Stages, where a fault can strike", e.sim_stages());
    print_choices(out, "Timing profiles (--profile)", e.sim_profiles());
  };
  return context.ui.finish(outcome);
}

int run_sim(Context& context) {
  if (context.args.has("--list")) return list_devices(context);
  const auto request = sim_request(context);
  if (!request.has_value()) return context.fail(request.error());
  return serve(context, [&](const SimReady& ready, EventSink& sink) {
    return context.environment.simulate(*request, ready, sink, context.stop());
  });
}

}  // namespace

Command sim() {
  return {
      .name = "sim",
      .summary = "run virtual devices: to learn, to demonstrate, to inject faults",
      .description =
          "Prints a JSON line for each device once it can be connected to, and serves until "
          "Ctrl-C, "
          "SIGTERM, or until nobody reads those lines any more; each of these ends it with exit "
          "code 0. `aiotctl flash --devices -` takes the lines as they are.",
      .positionals = {{.name = "DEVICE",
                       .help =
                           "the kind of device, such as esp32, esp32c3 or gadget; --list shows all",
                       .min = 0,
                       .max = 1,
                       .complete = Complete::nothing}},
      .options =
          {{.names = "-p,--port",
            .value = "PORT",
            .help =
                "Where it listens: pty, tcp:PORT or rfc2217:PORT; port 0 takes a free one [pty]"},
           {.names = "--count",
            .value = "N",
            .help =
                fmt::format("How many, 1 to {}; each has its own MAC and flash", sim::max_devices)},
           {.names = "--flash",
            .value = "FILE",
            .help = "Keep the flash in FILE, with {n} for the number; in memory by default",
            .complete = Complete::file},
           {.names = "--flash-size",
            .value = "SIZE",
            .help = "Size of the flash, such as 4MB",
            .key = "sim.flash_size"},
           {.names = "--baud-limit",
            .value = "BPS",
            .help = "Garble what is faster than this, as a poor cable does"},
           {.names = "--fault",
            .value = "FAULT",
            .help = "Something that goes wrong, such as reset@data/3; may be repeated; --list "
                    "shows all, and where they can strike",
            .repeatable = true},
           {.names = "--mac", .value = "MAC", .help = "MAC of the first device"},
           {.names = "--profile",
            .value = "NAME",
            .help = "How fast its parts are; --list shows all",
            .key = "sim.profile"},
           {.names = "--app", .help = "Start in the application, as a fresh board does"},
           {.names = "--rate",
            .value = "N",
            .help = "Lines a second that a gadget's console says, 0 for none [1]"},
           {.names = "--mqtt",
            .value = "ADDRESS",
            .help = "Where a gadget publishes, too: mqtt://BROKER[:PORT][/PREFIX], or mqtts",
            .complete = Complete::nothing},
           {.names = "--mqtt-interval",
            .value = "TIME",
            .help = "Time between two readings there [1s]"},
           {.names = "--mqtt-rate",
            .value = "N",
            .help = "Messages a second that flood the broker besides [0]"},
           {.names = "--credentials",
            .value = "FILE",
            .help = "User and password for the broker: a YAML file with user: and password:",
            .complete = Complete::file},
           {.names = "--ca",
            .value = "FILE",
            .help = "Certificate authorities (PEM) that mqtts trusts, instead of this machine's",
            .complete = Complete::file},
           {.names = "--bench",
            .value = "MODEL",
            .help = "A device under test for `aiotctl bench device`, with a .tflite file or one of "
                    "the built-in ic, kws, vww, ad; instead of DEVICE",
            .complete = Complete::file},
           {.names = "--latency",
            .value = "TIME",
            .help = "How long an inference of that device takes, such as 14ms; else as on a "
                    "Cortex-M4F"},
           {.names = "--monitor",
            .help = "That device in energy mode at 9600 baud, and a power monitor (LPM01A) beside "
                    "it on a port of its own"},
           {.names = "--list", .help = "Show the devices, faults, stages and profiles there are"}},
      .common = "--port --count --profile --fault --app --bench --list",
      .examples = {{"sim esp32c3", "One device on a pseudo-terminal"},
                   {"sim esp32 --count 4 --flash chip-{n}.bin | aiotctl flash --devices - build/",
                    "Four devices, flashed at once"},
                   {"sim esp32 --port rfc2217:4000", "A device on the network"},
                   {"sim --bench kws --latency 14ms", "A device under test"},
                   {"sim gadget", "A device for `aiotctl discover` and `aiotctl listen`"},
                   {"sim gadget --mqtt mqtt://localhost/home --mqtt-rate 1000",
                    "One that publishes, and floods its broker"}},
      .commands = {sim_provision(), sim_ota()},
      .handler = run_sim,
      .lists = render::lists_of<sim::Report, sim::Catalog>,
  };
}

}  // namespace aiot::cli::command
