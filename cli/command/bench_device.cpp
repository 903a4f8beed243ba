#include "aiot/bench_device.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <ostream>

#include "aiot/units.hpp"
#include "command/bench_device_options.hpp"
#include "command/bench_verbs.hpp"
#include "command/targets.hpp"
#include "errors.hpp"
#include "render/bench_device_text.hpp"

namespace aiot::cli::command {
namespace {

constexpr std::array<std::string_view, 3> schemes = {"serial", "rfc2217", "tcp"};

render::Outcome outcome_of(const bench::DevicesReport& report) {
  render::Outcome outcome;
  outcome.record = report.record();
  outcome.devices = report.devices.size();
  for (const bench::DeviceReport& device : report.devices) {
    if (device.error) outcome.failures.push_back({device.device.str(), device.step, *device.error});
  }
  outcome.text = [report](std::ostream& out) { render::print_bench_devices(out, report); };
  return outcome;
}

int run_bench_device(Context& context) {
  auto targets = find_targets(context, schemes);
  if (!targets) return context.fail(targets.error());
  if (!targets->rest.empty()) {
    return context.fail(
        make_error(Errc::too_many_arguments,
                   fmt::format("bench device: \"{}\" is not an address", targets->rest.front()),
                   "this command takes devices only; the model is named with --model"));
  }
  const auto request = bench_device_request(context);
  if (!request) return context.fail(request.error());
  const auto report =
      context.environment.bench_devices(targets->devices, *request, context.ui, context.stop());
  if (!report) return context.fail(report.error());
  return context.ui.finish(outcome_of(*report));
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
      .options = bench_device_options(),
      .examples = {{"bench device /dev/ttyACM0", "Five windows of ten seconds"},
                   {"bench device /dev/ttyACM0 --model kws.tflite",
                    "And are its results the model's?"},
                   {"bench device /dev/ttyACM0 --model kws.tflite --data kws01 --results out",
                    "Accuracy too, with a submission's files"},
                   {"bench device /dev/ttyUSB0 --monitor /dev/ttyACM1 --voltage 1.8 --baud 9600",
                    "Energy, by an LPM01A"},
                   {"bench device --each usb:0483:374e --jobs 8", "A rack of boards"}},
      .handler = run_bench_device,
  };
}

}  // namespace aiot::cli::command
