#include "aiot/bench_device.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <ostream>

#include "aiot/units.hpp"
#include "command/bench.hpp"
#include "command/numbers.hpp"
#include "command/targets.hpp"
#include "context.hpp"
#include "errors.hpp"
#include "option.hpp"
#include "render/bench_text.hpp"
#include "render/envelope.hpp"

namespace aiot::cli::command {
namespace {

/// "115200,9600"
Result<std::vector<std::uint32_t>> parse_bauds(const std::string& text) {
  std::vector<std::uint32_t> out;
  std::string_view rest = text;
  for (;;) {
    const std::size_t comma = rest.find(',');
    AIOT_TRY(const auto baud, parse_number<std::uint32_t>("--baud", rest.substr(0, comma)));
    if (baud < 300 || baud > 12'000'000 || out.size() == 16) {
      return make_error(Errc::bad_value, fmt::format("--baud {}", text),
                        "rates from 300 to 12000000, at most 16: --baud 115200,9600");
    }
    out.push_back(baud);
    if (comma == std::string_view::npos) return out;
    rest.remove_prefix(comma + 1);
  }
}

Result<bench::Phases> phases_of(const Arguments& args) {
  bench::Phases phases;
  const std::vector<std::string> modes = args.all("--mode");
  const auto has = [&](const char* mode) {
    return std::find(modes.begin(), modes.end(), mode) != modes.end();
  };
  phases.performance = has("performance");
  phases.accuracy = has("accuracy");
  phases.energy = has("energy");
  if (modes.empty()) {
    phases.energy = args.has("--monitor");
    phases.performance = !phases.energy;
    phases.accuracy = !phases.energy && args.has("--data");
  }
  if (phases.energy && !args.has("--monitor")) {
    return make_error(Errc::missing_argument, "--monitor",
                      "energy takes a power monitor: --monitor ADDRESS");
  }
  if (phases.accuracy && !args.has("--data")) {
    return make_error(Errc::missing_argument, "--data",
                      "accuracy takes the benchmark's files: --data DIR");
  }
  return phases;
}

/// What is about accuracy alone is not taken and forgotten.
Result<void> check_accuracy_options(const Arguments& args, const bench::Phases& phases) {
  if (phases.accuracy) return {};
  for (const char* flag : {"--files", "--allow-missed"}) {
    if (!args.has(flag)) continue;
    return make_error(Errc::missing_argument, fmt::format("{} without accuracy", flag),
                      args.has("--data") ? "measure it too: --mode accuracy"
                                         : "name the folder with the files: --data DIR");
  }
  return {};
}

Result<bench::MonitorRequest> monitor_of(const Arguments& args) {
  bench::MonitorRequest out;
  const auto address = args.get("--monitor");
  if (!address) {
    for (const char* flag :
         {"--monitor-kind", "--voltage", "--sample-rate", "--calibrate", "--no-power-cycle"}) {
      if (args.has(flag)) {
        return make_error(Errc::missing_argument, fmt::format("{} without --monitor", flag),
                          "name the power monitor: --monitor ADDRESS");
      }
    }
    return out;
  }
  AIOT_TRY(out.address, parse_address(*address).with("--monitor"));
  out.kind = args.get("--monitor-kind").value_or(out.kind);
  AIOT_TRY(const double volts, number_option<double>(args, "--voltage", 3.3));
  if (!(volts > 0 && volts < 100)) {
    return make_error(Errc::bad_value, "--voltage", "in volts, such as 1.8");
  }
  out.millivolts = static_cast<std::uint32_t>(std::lround(volts * 1000));
  AIOT_TRY(out.samples_per_s,
           number_option<std::uint32_t>(args, "--sample-rate", out.samples_per_s));
  if (out.samples_per_s == 0) {
    return make_error(Errc::bad_value, "--sample-rate 0", "samples a second, such as 1000");
  }
  out.calibrate = args.has("--calibrate");
  out.power_cycle = !args.has("--no-power-cycle");
  return out;
}

std::vector<Option> own_options() {
  return {
      {.names = "-m,--model",
       .value = "MODEL",
       .help = "Compare results with this model's: a .tflite file, or kws, vww, ic, ad: built in",
       .complete = Complete::file},
      {.names = "--mode",
       .value = "MODE",
       .help = "What to measure; may be repeated",
       .choices = {{"performance", "inferences a second"},
                   {"accuracy", "over the files of --data"},
                   {"energy", "by the power monitor"}},
       .repeatable = true},
      {.names = "--data",
       .value = "DIR",
       .help = "The benchmark's files; else inputs are pseudo-random",
       .complete = Complete::folder},
      {.names = "--labels",
       .value = "FILE",
       .help = "Their labels [DIR/y_labels.csv]",
       .complete = Complete::file},
      {.names = "--files", .value = "N", .help = "Only the first N files, for a first look"},
      {.names = "--seed", .value = "N", .help = "Of the pseudo-random inputs [1]"},
      {.names = "-b,--baud",
       .value = "BPS,…",
       .help = "Serial speed; several are tried in turn [115200]"},
      {.names = "--windows", .value = "N", .help = "How many windows, 1 to 100 [5]"},
      {.names = "--window", .value = "TIME", .help = "The least length of each [10s]"},
      {.names = "--warm-up", .value = "N", .help = "Inferences before each window [10]"},
      {.names = "--prove-all", .help = "Read every upload back, in accuracy mode too"},
      {.names = "--allow-missed", .help = "An accuracy below the benchmark's limit is no failure"},
  };
}

std::vector<Option> power_options() {
  std::vector<Choice> kinds;
  for (const std::string& kind : bench::monitor_kinds()) kinds.push_back({kind});
  return {
      {.names = "--monitor",
       .value = "ADDRESS",
       .help = "The power monitor: a serial port, or tcp://HOST:PORT",
       .complete = Complete::address},
      {.names = "--monitor-kind",
       .value = "KIND",
       .help = "What it is; a Joulescope by what its own tool prints",
       .choices = std::move(kinds)},
      {.names = "--voltage", .value = "V", .help = "That it gives the device [3.3]"},
      {.names = "--sample-rate", .value = "N", .help = "Samples a second [1000]"},
      {.names = "--calibrate", .help = "Have the monitor calibrate itself first"},
      {.names = "--no-power-cycle", .help = "Do not take the device's power away first"},
  };
}

std::vector<Option> output_options() {
  return {
      {.names = "--results",
       .value = "DIR",
       .help = "Write log.txt, results.txt and results.json for MLCommons' submission checker, in "
               "DIR/MODEL/MODE",
       .complete = Complete::folder},
      {.names = "-f,--force", .help = "Overwrite results that are there"},
      {.names = "--trace",
       .value = "FILE",
       .help = "Write every byte on the wire to FILE, with times; %d is the device's number, for "
               "several",
       .complete = Complete::file},
  };
}

std::vector<Option> all_options() {
  std::vector<Option> devices = device_options();
  // The setting of `flash` is about flashing.
  for (Option& option : devices) option.key = "";
  return together({own_options(), power_options(), output_options(), std::move(devices)});
}

Result<bench::DeviceRequest> device_request(const Context& context) {
  const Arguments& args = context.args;
  bench::DeviceRequest request;
  AIOT_TRY(request.phases, phases_of(args));
  request.model = args.get("--model").value_or("");
  request.data = args.get("--data").value_or("");
  request.labels = args.get("--labels").value_or("");
  if (!request.labels.empty() && request.data.empty()) {
    return make_error(Errc::missing_argument, "--data",
                      "name the folder with the files: --data DIR");
  }
  AIOT_CHECK(check_accuracy_options(args, request.phases));
  if (args.has("--force") && !args.has("--results")) {
    return make_error(Errc::missing_argument, "--force without --results",
                      "name the folder that may be overwritten: --results DIR");
  }
  if (const auto text = args.get("--baud")) {
    AIOT_TRY(request.bauds_bps, parse_bauds(*text));
  }
  AIOT_TRY(request.windows, number_option<unsigned>(args, "--windows", request.windows));
  if (const auto text = args.get("--window")) {
    AIOT_TRY(request.window, parse_duration(*text).with("--window"));
  }
  AIOT_TRY(request.warmups, number_option<std::uint32_t>(args, "--warm-up", request.warmups));
  AIOT_TRY(request.files, number_option<std::uint32_t>(args, "--files", 0));
  AIOT_TRY(request.seed, number_option<std::uint64_t>(args, "--seed", request.seed));
  AIOT_TRY(request.jobs, number_option<unsigned>(args, "--jobs", 0));
  AIOT_TRY(request.monitor, monitor_of(args));
  request.prove_all = args.has("--prove-all");
  request.allow_missed = args.has("--allow-missed");
  request.results = args.get("--results").value_or("");
  request.force = args.has("--force");
  request.trace_file = args.get("--trace").value_or("");
  request.timeout = context.settings.timeout;
  return request;
}

constexpr std::array<std::string_view, 3> bench_schemes = {"serial", "rfc2217", "tcp"};

render::Outcome device_outcome(const Context& context, const bench::DevicesReport& report) {
  render::Outcome outcome;
  outcome.record = report;
  outcome.devices = report.devices.size();
  for (const auto& one : report.devices) {
    if (one.error) outcome.failures.push_back({one.device.str(), one.step, *one.error});
  }
  const bool color = context.settings.color_out;
  outcome.text = [report, color](std::ostream& out) {
    render::print_bench_devices(out, report, color);
  };
  return outcome;
}

int run_bench_device(Context& context) {
  auto targets = find_targets(context, bench_schemes);
  if (!targets) return context.fail(targets.error());
  if (!targets->rest.empty()) {
    return context.fail(
        make_error(Errc::too_many_arguments,
                   fmt::format("bench device: \"{}\" is not an address", targets->rest.front()),
                   "this command takes devices only; the model is named with --model"));
  }
  const auto request = device_request(context);
  if (!request) return context.fail(request.error());
  const auto report =
      context.environment.bench_devices(targets->devices, *request, context.ui, context.stop());
  if (!report) return context.fail(report.error());
  return context.ui.finish(device_outcome(context, *report));
}

}  // namespace

Command bench_device() {
  return {
      .name = "device",
      .summary = "measure microcontrollers that speak MLPerf Tiny's protocol",
      .description =
          "Throughput in windows of ten seconds of the device's own clock, accuracy over a data "
          "set, and energy with a power monitor. With --model each result is compared with the "
          "reference engine's, and a difference is explained: the upload, the quantisation, or the "
          "kernels, which ends with exit code 9.\n\n"
          "Without --mode: performance; accuracy too when --data is there; energy alone when "
          "--monitor is. `aiotctl sim --bench` gives a device to try it with.",
      .positionals = {{.name = "ADDRESS",
                       .help = "a serial port, rfc2217://HOST:PORT or tcp://HOST:PORT",
                       .min = 0,
                       .max = 0,
                       .complete = Complete::address}},
      .options = all_options(),
      .common = "--model --data --results --monitor --voltage --baud --each --devices --jobs",
      .examples = {{"bench device /dev/ttyACM0", "Five windows of ten seconds"},
                   {"bench device /dev/ttyACM0 --model kws.tflite",
                    "And are its results the model's?"},
                   {"bench device /dev/ttyACM0 --model kws.tflite --data kws01 --results out",
                    "Accuracy too, with a submission's files"},
                   {"bench device /dev/ttyUSB0 --monitor /dev/ttyACM1 --voltage 1.8 --baud 9600",
                    "Energy, by an LPM01A"},
                   {"bench device --each usb:0483:374e --jobs 8", "A rack of boards"}},
      .handler = run_bench_device,
      .lists = render::lists_of<bench::DevicesReport>,
  };
}

}  // namespace aiot::cli::command
