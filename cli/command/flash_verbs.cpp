#include "command/flash_verbs.hpp"

#include <fmt/format.h>

#include <array>

#include "command/flash_options.hpp"
#include "command/targets.hpp"
#include "command/temporary_file.hpp"
#include "errors.hpp"
#include "render/flash_text.hpp"

namespace aiot::cli::command {
namespace {

constexpr std::array<std::string_view, 3> schemes = {"serial", "rfc2217", "tcp"};

render::Outcome make_outcome(const Context& context, const flash::Report& report) {
  render::Outcome outcome;
  outcome.record = report.record();
  outcome.devices = report.devices.size();
  for (const flash::DeviceReport& device : report.devices) {
    if (device.error) outcome.failures.push_back({device.device.str(), device.step, *device.error});
  }
  const Terminal& terminal = context.environment.terminal;
  const std::size_t width = terminal.out && terminal.columns ? terminal.columns() : 0;
  outcome.text = [report, width](std::ostream& out) {
    render::print_flash_report(out, report, width);
  };
  return outcome;
}

/// Runs `job` and renders what became of it.
template <class Job, class Request>
int run_job(Context& context, const Job& job, const std::vector<Address>& devices,
            const Request& request) {
  const auto report = job(devices, request, context.ui, context.stop());
  if (!report.has_value()) return context.fail(report.error());
  return context.ui.finish(make_outcome(context, *report));
}

Result<std::vector<flash::Placement>> parse_images(const Context& context,
                                                   const std::vector<std::string>& words) {
  std::vector<flash::Placement> images;
  for (const std::string& word : words) {
    AIOT_TRY(images.emplace_back(), flash::parse_placement(word));
  }
  if (images.empty()) {
    return make_error(Errc::missing_argument, spelled(context.args.path) + ": no image is named",
                      "name files after the devices: firmware.bin, boot.bin@0x1000, build/");
  }
  return images;
}

/// The devices of a verb that takes nothing else.
Result<std::vector<Address>> only_devices(const Context& context) {
  AIOT_TRY(Targets targets, find_targets(context, schemes));
  if (!targets.rest.empty()) {
    return make_error(Errc::too_many_arguments,
                      fmt::format("{}: \"{}\" is not an address", spelled(context.args.path),
                                  targets.rest.front()),
                      "this command takes devices only");
  }
  return std::move(targets.devices);
}

std::string whom(const std::vector<Address>& devices) {
  return devices.size() == 1 ? devices.front().str() : fmt::format("{} devices", devices.size());
}

struct Write {
  std::vector<Address> devices;
  flash::WriteRequest request;
};
Result<Write> make_write(const Context& context) {
  Write write;
  AIOT_TRY(Targets targets, find_targets(context, schemes));
  write.devices = std::move(targets.devices);
  flash::WriteRequest& request = write.request;
  AIOT_TRY(request.images, parse_images(context, targets.rest));
  AIOT_TRY(request.session, make_session(context));
  request.header = make_header(context.args);
  request.full = context.args.has("--full");
  request.verify = !context.args.has("--no-verify");
  request.dry_run = context.settings.dry_run;
  request.erase_all = context.args.has("--erase-all");
  if (request.erase_all) {
    AIOT_CHECK(context.confirm(fmt::format("Erase the whole flash of {}?", whom(write.devices))));
  }
  return write;
}

struct Verify {
  std::vector<Address> devices;
  flash::VerifyRequest request;
};
Result<Verify> make_verify(const Context& context) {
  Verify verify;
  AIOT_TRY(Targets targets, find_targets(context, schemes));
  verify.devices = std::move(targets.devices);
  AIOT_TRY(verify.request.images, parse_images(context, targets.rest));
  AIOT_TRY(verify.request.session, make_session(context));
  verify.request.header = make_header(context.args);
  return verify;
}

struct Erase {
  std::vector<Address> devices;
  flash::EraseRequest request;
};
Result<Erase> make_erase(const Context& context) {
  Erase erase;
  AIOT_TRY(erase.devices, only_devices(context));
  AIOT_TRY(erase.request.session, make_session(context));
  AIOT_TRY(erase.request.region, make_region(context.args, "erase"));
  erase.request.dry_run = context.settings.dry_run;
  erase.request.whole_flash_by_offset = context.settings.yes;
  const flash::Region& region = erase.request.region;
  if (region.whole_chip) {
    AIOT_CHECK(context.confirm(fmt::format("Erase the whole flash of {}?", whom(erase.devices))));
  } else if (!region.partition.empty()) {
    AIOT_CHECK(context.confirm(
        fmt::format("Erase the partition \"{}\" of {}?", region.partition, whom(erase.devices))));
  }
  return erase;
}

struct Read {
  std::vector<Address> devices;
  flash::ReadRequest request;
};
Result<Read> make_read(const Context& context) {
  Read read;
  AIOT_TRY(read.devices, only_devices(context));
  AIOT_TRY(read.request.session, make_session(context));
  AIOT_TRY(read.request.region, make_region(context.args, "read"));
  read.request.dry_run = context.settings.dry_run;
  read.request.output = context.args.get("--output").value_or("");
  if (read.request.output.empty()) {
    return make_error(Errc::missing_argument, "flash read: --output FILE",
                      "say where the bytes go: -o backup.bin");
  }
  if (read.request.output != "-") return read;
  if (context.settings.format != Format::text) {
    return make_error(Errc::conflict, "--output - and JSON on standard output",
                      "name a file for the bytes");
  }
  if (read.devices.size() > 1) {
    return make_error(Errc::conflict, "--output - and several devices",
                      "name a file with {mac} or {n} in it");
  }
  return read;
}

/// The job writes a file; standard output gets its bytes, and the result is not printed.
int read_to_output(Context& context, Read& read) {
  auto file = TemporaryFile::create();
  if (!file.has_value()) return context.fail(file.error());
  read.request.output = file->path();
  const auto report =
      context.environment.read(read.devices, read.request, context.ui, context.stop());
  if (!report.has_value()) return context.fail(report.error());
  render::Outcome outcome = make_outcome(context, *report);
  outcome.text = [&](std::ostream& out) {
    if (outcome.failures.empty()) file->copy_to(out);
  };
  return context.ui.finish(outcome);
}

}  // namespace

int flash_write(Context& context) {
  const auto write = make_write(context);
  if (!write.has_value()) return context.fail(write.error());
  return run_job(context, context.environment.write, write->devices, write->request);
}

int flash_verify(Context& context) {
  const auto verify = make_verify(context);
  if (!verify.has_value()) return context.fail(verify.error());
  return run_job(context, context.environment.verify, verify->devices, verify->request);
}

int flash_read(Context& context) {
  auto read = make_read(context);
  if (!read.has_value()) return context.fail(read.error());
  if (read->request.output == "-") return read_to_output(context, *read);
  return run_job(context, context.environment.read, read->devices, read->request);
}

int flash_erase(Context& context) {
  const auto erase = make_erase(context);
  if (!erase.has_value()) return context.fail(erase.error());
  return run_job(context, context.environment.erase, erase->devices, erase->request);
}

int flash_info(Context& context) {
  const auto devices = only_devices(context);
  if (!devices.has_value()) return context.fail(devices.error());
  auto session = make_session(context);
  if (!session.has_value()) return context.fail(session.error());
  const flash::InfoRequest request{*session};
  return run_job(context, context.environment.info, *devices, request);
}

int flash_reset(Context& context) {
  const auto devices = only_devices(context);
  if (!devices.has_value()) return context.fail(devices.error());
  auto session = make_session(context);
  if (!session.has_value()) return context.fail(session.error());
  const flash::ResetRequest request{*session, context.settings.dry_run};
  return run_job(context, context.environment.reset, *devices, request);
}

}  // namespace aiot::cli::command
