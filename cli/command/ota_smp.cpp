#include "aiot/ota_smp.hpp"

#include <fmt/format.h>

#include <array>
#include <ostream>

#include "aiot/bytes.hpp"
#include "command/ota.hpp"
#include "command/ota_repository.hpp"
#include "command/targets.hpp"
#include "context.hpp"
#include "errors.hpp"
#include "render/envelope.hpp"
#include "render/table.hpp"

namespace aiot::cli::command {
namespace {

constexpr std::array<std::string_view, 5> smp_schemes = {"udp", "ble", "serial", "rfc2217", "tcp"};

void print(std::ostream& out, const ota::SmpReport& report, std::size_t width) {
  for (const auto& device : report.devices) {
    if (device.error) continue;
    const ota::SmpResult& result = device.result;
    if (report.devices.size() > 1) out << device.device.str() << ":\n";
    if (!result.text.empty()) {
      out << escape_controls(result.text, true) << (result.text.ends_with('\n') ? "" : "\n");
    }
    std::vector<std::vector<std::string>> rows;
    for (const std::string& name : result.names) rows.push_back({escape_controls(name)});
    for (const ota::SmpValue& value : result.values) {
      rows.push_back({escape_controls(value.name), std::to_string(value.value)});
    }
    for (const ota::SlotInfo& slot : result.slots) {
      std::string flags;
      for (const auto& [set, name] : {std::pair{slot.active, "active"},
                                      {slot.confirmed, "confirmed"},
                                      {slot.pending, "pending"}}) {
        if (set) flags += (flags.empty() ? "" : ", ") + std::string(name);
      }
      rows.push_back({fmt::format("{}/{}", slot.image, slot.slot), escape_controls(slot.version),
                      flags, slot.hash});
    }
    out << render::table(rows, width);
  }
}

int run_smp(Context& context) {
  const auto targets = find_targets(context, smp_schemes);
  if (!targets) return context.fail(targets.error());
  if (targets->devices.empty() || targets->rest.empty()) {
    return context.fail(make_error(Errc::missing_argument, "ota smp: ADDRESS ACTION",
                                   "name a device and an action, such as "
                                   "ota smp udp://192.168.1.40 images"));
  }
  ota::SmpRequest request;
  request.action = targets->rest.front();
  request.words.assign(targets->rest.begin() + 1, targets->rest.end());
  request.timeout = context.settings.timeout;
  const auto report = ota::smp(targets->devices, request, context.ui, context.stop());
  if (!report) return context.fail(report.error());
  render::Outcome outcome;
  outcome.record = *report;
  outcome.devices = report->devices.size();
  for (const auto& one : report->devices) {
    if (one.error) outcome.failures.push_back({one.device.str(), one.step, *one.error});
  }
  outcome.text = [report = *report, width = output_width(context)](std::ostream& out) {
    print(out, report, width);
  };
  return context.ui.finish(outcome);
}

}  // namespace

Command ota_smp() {
  return {
      .name = "smp",
      .summary = "send a single request of SMP",
      .description =
          "For devices with Zephyr and MCUboot, over UDP or Bluetooth LE, or on a serial console. "
          "The actions: echo "
          "TEXT; info; params; images; test HASH and confirm [HASH], which choose the image of the "
          "next reset; erase, of the slot that does not run; reset; shell WORD…; stat [GROUP]; "
          "download NAME FILE and upload FILE NAME, of the device's file system. What a device "
          "does "
          "not support, it says.",
      .positionals =
          {{.name = "ADDRESS",
            .help = "a device: udp://HOST (port 1337 unless given), ble:ADDRESS, /dev/ttyACM0, "
                    "rfc2217://HOST:PORT, tcp://HOST:PORT",
            .min = 0,
            .max = 0,
            .complete = Complete::address},
           {.name = "ACTION", .help = "what to ask, and its words", .min = 0, .max = 0}},
      .options = device_options(),
      .examples = {{"ota smp udp://192.168.1.40 images", "What its slots hold"},
                   {"ota smp /dev/ttyACM0 shell kernel uptime", "A command of its shell"},
                   {"ota smp udp://192.168.1.40 download /lfs1/log.txt log.txt", "A file"}},
      .handler = run_smp,
      .no_dry_run = true,
      .lists = render::lists_of<ota::SmpReport>,
  };
}

}  // namespace aiot::cli::command
