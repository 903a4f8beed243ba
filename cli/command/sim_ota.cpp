#include <fmt/format.h>

#include "aiot/sim.hpp"
#include "aiot/units.hpp"
#include "command/sim.hpp"
#include "context.hpp"
#include "errors.hpp"
#include "render/envelope.hpp"

namespace aiot::cli::command {
namespace {

int run_sim_ota(Context& context) {
  const Arguments& args = context.args;
  if (args.has("--list")) return list_kinds(context, sim::ota_catalog());
  sim::OtaRequest request;
  request.kind = args.get("--kind").value_or(request.kind);
  request.port = args.get("--port").value_or(request.port);
  const auto count = number_option<unsigned>(args, "--count", 1);
  if (!count) return context.fail(count.error());
  request.count = *count;
  request.faults = args.all("--fault");
  request.password_file = args.get("--password-file").value_or("");
  if (const auto time = args.get("--write-time")) {
    const auto parsed = parse_duration(*time).with("--write-time");
    if (!parsed) return context.fail(parsed.error());
    request.write_time = *parsed;
  }
  request.announce = args.has("--announce");
  request.image_file = args.get("--running").value_or("");
  request.server = args.get("--server").value_or("");
  request.ca_file = args.get("--ca").value_or("");
  request.fingerprint = args.get("--fingerprint").value_or("");
  request.root_file = args.get("--root").value_or("");
  request.token_file = args.get("--token-file").value_or("");
  request.attributes = args.all("--attribute");
  return serve(context, [&](const SimReady& ready, EventSink& sink) {
    return context.environment.simulate_ota(request, ready, sink, context.stop());
  });
}

}  // namespace

Command sim_ota() {
  return {
      .name = "ota",
      .summary = "run virtual devices that take updates",
      .description =
          "Prints a JSON line for each device once it can be connected to, and serves until it is "
          "stopped, as `aiotctl sim` does. `aiotctl ota push --devices -` takes the lines as they "
          "are.",
      .options =
          {{.names = "--kind", .value = "KIND", .help = "What it speaks; --list shows all [smp]"},
           {.names = "-p,--port",
            .value = "PORT",
            .help = "Where it listens, such as udp:PORT, pty, tcp:PORT or ble:hci1; --list shows "
                    "the forms; "
                    "port 0 "
                    "takes a free one [a free one]"},
           {.names = "--count",
            .value = "N",
            .help = fmt::format("How many, 1 to {}; each has its own port", sim::max_devices)},
           {.names = "--running",
            .value = "FILE",
            .help = "The image that runs at first; else one of its own, version 1.0.0",
            .complete = Complete::file},
           {.names = "--password-file",
            .value = "FILE",
            .help = "The password that the devices want; not of SMP",
            .complete = Complete::file},
           {.names = "--write-time",
            .value = "TIME",
            .help = "What their flash takes for each 4 KiB that arrives, such as 50ms [0]",
            .complete = Complete::nothing},
           {.names = "--announce",
            .help = "Announce them by multicast DNS, as the real ones do; of arduino and esphome"},
           {.names = "--server",
            .value = "URL",
            .help =
                "What a device of kind ddi or tuf polls: https://HOST:PORT; of ddi with /TENANT "
                "unless it is DEFAULT, of tuf with the path of the repository",
            .complete = Complete::nothing},
           {.names = "--ca",
            .value = "FILE",
            .help = "Certificate authorities of that server, PEM",
            .complete = Complete::file},
           {.names = "--fingerprint",
            .value = "SHA256",
            .help = "Or the SHA-256 of its certificate, as `ota serve` prints it",
            .complete = Complete::nothing},
           {.names = "--token-file",
            .value = "FILE",
            .help = "The token by which that server knows the device",
            .complete = Complete::file},
           {.names = "--root",
            .value = "FILE",
            .help = "The root metadata that a device of kind tuf was made with",
            .complete = Complete::file},
           {.names = "--attribute",
            .value = "NAME=VALUE",
            .help = "What the device says of itself, such as product=lamp; `version` is what runs "
                    "at first [version=1.0.0]; may be repeated",
            .complete = Complete::nothing,
            .repeatable = true},
           {.names = "--fault",
            .value = "FAULT",
            .help = "Something that goes wrong, such as power-cut@20000; may be repeated; --list "
                    "shows all",
            .repeatable = true},
           {.names = "--list", .help = "Show the kinds and the faults there are"}},
      .common = "--kind --port --count --fault --list",
      .examples = {{"sim ota", "One device that speaks SMP over UDP"},
                   {"sim ota --kind esphome --count 16 --password-file ota.txt",
                    "Sixteen ESPHome devices that want a password"},
                   {"sim ota --port pty --fault wrong-version",
                    "One on a console that boots the old image"},
                   {"sim ota --kind ddi --server https://localhost:8443 --ca server.pem "
                    "--attribute product=lamp --attribute hardware=a",
                    "One that polls `ota serve --ddi` for its updates"},
                   {"sim ota --kind tuf --server https://localhost:8443 --ca server.pem --root "
                    "1.root.json --attribute product=hub --attribute hardware=a",
                    "A gateway that installs from a repository"}},
      .handler = run_sim_ota,
      .lists = render::lists_of<sim::Report, sim::ProvisionCatalog>,
  };
}

}  // namespace aiot::cli::command
