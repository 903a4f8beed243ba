#include <array>
#include <ostream>

#include "aiot/ota.hpp"
#include "aiot/units.hpp"
#include "command/numbers.hpp"
#include "command/ota.hpp"
#include "command/targets.hpp"
#include "context.hpp"
#include "errors.hpp"
#include "render/envelope.hpp"
#include "render/ota_text.hpp"

namespace aiot::cli::command {
namespace {

constexpr std::array<std::string_view, 9> schemes = {
    "udp", "ble", "serial", "rfc2217", "tcp", "arduino", "esphome", "http", "https"};

Result<ota::PushRequest> push_request(const Context& context) {
  const Arguments& args = context.args;
  ota::PushRequest request;
  request.confirm = !args.has("--no-confirm");
  request.wait = !args.has("--no-wait");
  request.again = args.has("--again");
  request.skip_same_version = args.has("--skip-same-version");
  AIOT_TRY(request.number, number_option<unsigned>(args, "--image", 0));
  AIOT_TRY(request.jobs, number_option<unsigned>(args, "--jobs", 0));
  if (const auto within = args.get("--within")) {
    AIOT_TRY(const std::chrono::nanoseconds time,
             time_option("--within", *within, std::chrono::seconds(1)));
    request.boot_time = std::chrono::duration_cast<std::chrono::milliseconds>(time);
  }
  if (const auto file = args.get("--password-file")) {
    AIOT_TRY(request.password, ota::read_password_file(*file));
  }
  request.http_kind = args.get("--http-kind").value_or("");
  request.ca_file = args.get("--ca").value_or("");
  request.fingerprint = args.get("--fingerprint").value_or("");
  request.trace_file = args.get("--trace").value_or("");
  request.timeout = context.settings.timeout;
  request.dry_run = context.settings.dry_run;
  return request;
}

int run_push(Context& context) {
  auto request = push_request(context);
  if (!request) return context.fail(request.error());
  const auto targets = find_targets(context, schemes);
  if (!targets) return context.fail(targets.error());
  if (targets->rest.size() != 1) {
    return context.fail(
        make_error(Errc::missing_argument, "ota push: IMAGE", "name the devices, then one image"));
  }
  if (targets->devices.empty()) {
    return context.fail(make_error(Errc::missing_argument, "ota push: ADDRESS",
                                   "name a device, such as udp://192.168.1.40 or /dev/ttyACM0"));
  }
  request->image = targets->rest.front();
  const auto report =
      context.environment.push(targets->devices, *request, context.ui, context.stop());
  if (!report) return context.fail(report.error());
  render::Outcome outcome;
  outcome.record = *report;
  outcome.devices = report->devices.size();
  for (const auto& one : report->devices) {
    if (one.error) outcome.failures.push_back({one.device.str(), one.step, *one.error});
  }
  const Terminal& terminal = context.environment.terminal;
  const std::size_t width = terminal.out && terminal.columns ? terminal.columns() : 0;
  outcome.text = [report = *report, width](std::ostream& out) {
    render::print_push_report(out, report, width);
  };
  return context.ui.finish(outcome);
}

}  // namespace

Command ota_push() {
  return {
      .name = "push",
      .summary = "send an image to devices, boot it, and check that it runs",
      .description =
          "The device's address says by which protocol. udp://, ble: and serial consoles are SMP, "
          "as "
          "devices with Zephyr and MCUboot speak it: the image goes into the slot that does not "
          "run, "
          "several packets at a time; an upload that was interrupted goes on where it ended; the "
          "device boots the image, on probation, and once it reports that it runs it, the image is "
          "confirmed. arduino:// is ArduinoOTA: the device connects back to this host. esphome:// "
          "is "
          "ESPHome's native OTA. http:// and https:// send the form of the device's web page: "
          "Tasmota, WLED, "
          "ESPHome's web server, and those of the ESP8266 and Arduino libraries.\n\n"
          "Success is what the device reports after its reset, not what was sent. Where a protocol "
          "reports no version, the result says that the update is not confirmed, and why.",
      .positionals =
          {{.name = "ADDRESS",
            .help = "a device: udp://HOST (port 1337 unless given), ble:ADDRESS, /dev/ttyACM0, "
                    "rfc2217://HOST:PORT, tcp://HOST:PORT, arduino://HOST, esphome://HOST, "
                    "http://HOST, https://HOST",
            .min = 0,
            .max = 0,
            .complete = Complete::address},
           {.name = "IMAGE",
            .help = "a firmware image: for SMP one that `ota sign` or imgtool has signed, else the "
                    "application of an ESP device",
            .min = 0,
            .max = 1,
            .complete = Complete::file}},
      .options = together(
          {{{.names = "--no-confirm",
             .help = "Leave the image on probation: the one before is back after another reset"},
            {.names = "--no-wait", .help = "Do not wait until the device runs the image"},
            {.names = "--within",
             .value = "TIME",
             .help = "How long the device may take to boot the image [3m]"},
            {.names = "--again",
             .help = "Send the image also to a device that reports its hash already"},
            {.names = "--skip-same-version",
             .help = "http:// and https://: leave a device alone that reports the version of the "
                     "image; "
                     "two builds may have one version"},
            {.names = "--image",
             .value = "N",
             .help = "Which image, in a device that has several [0]"}},
           {{.names = "--password-file",
             .value = "FILE",
             .help = "The password that the device wants, in a file that is yours alone",
             .complete = Complete::file},
            {.names = "--http-kind",
             .value = "KIND",
             .help = "The kind of the device's web page; else it is detected",
             .choices = {{"tasmota"}, {"wled"}, {"esphome"}, {"esp8266"}, {"arduino"}}}},
           server_options(),
           device_options(),
           {{.names = "--trace",
             .value = "FILE",
             .help = "Write every byte on a serial line to FILE, with times; %d is the device's "
                     "number, for several",
             .complete = Complete::file}}}),
      .common = "--password-file --within --again --each --devices --jobs",
      .examples = {{"ota push udp://192.168.1.40 zephyr.signed.bin", "A device on the network"},
                   {"ota push /dev/ttyACM0 zephyr.signed.bin", "A device on a serial console"},
                   {"ota push esphome://lamp.local firmware.bin --password-file ota.txt",
                    "A device with ESPHome"},
                   {"ota push --devices line.txt zephyr.signed.bin --jobs 16 --json",
                    "A batch, with JSON results"}},
      .handler = run_push,
      .lists = render::lists_of<ota::PushReport>,
  };
}

}  // namespace aiot::cli::command
