#include "command/flash_verbs.hpp"

#include <fmt/format.h>

#include <array>

#include "aiot/units.hpp"
#include "command/numbers.hpp"
#include "command/targets.hpp"
#include "command/temporary_file.hpp"
#include "errors.hpp"
#include "render/flash_text.hpp"

namespace aiot::cli::command {
namespace {

constexpr std::array<std::string_view, 3> flash_schemes = {"serial", "rfc2217", "tcp"};

/// 0 for the fastest that works.
Result<std::uint32_t> parse_baud(const std::string& text) {
  AIOT_TRY(const std::uint32_t baud, parse_number<std::uint32_t>("--baud", text, "921600"));
  if (baud == 0 || (baud >= flash::least_baud_bps && baud <= flash::most_baud_bps)) return baud;
  return make_error(Errc::bad_value, fmt::format("--baud {}", baud),
                    fmt::format("from {} to {}, or 0 to have the fastest found",
                                flash::least_baud_bps, flash::most_baud_bps));
}

flash::Before before_of(const std::string& word) {
  if (word == "classic") return flash::Before::classic;
  if (word == "usb-jtag") return flash::Before::usb_jtag;
  if (word == "none") return flash::Before::none;
  return flash::Before::automatic;
}

Result<flash::Session> make_session(const Context& context) {
  const Arguments& args = context.args;
  flash::Session session;
  const std::string chip = context.setting("--chip", "flash.chip");
  session.chip = chip == "auto" ? "" : chip;
  AIOT_TRY(session.baud_bps, parse_baud(context.setting("--baud", "flash.baud")));
  AIOT_TRY(session.jobs,
           parse_number<std::uint32_t>("--jobs", context.setting("--jobs", "flash.jobs"), "4"));
  session.before = before_of(context.setting("--before", "flash.before"));
  session.after = context.setting("--after", "flash.after") == "loader" ? flash::After::loader
                                                                        : flash::After::reset;
  if (args.has("--stub") && args.has("--no-stub")) {
    return make_error(Errc::conflict, "--stub and --no-stub");
  }
  session.use_stub = !args.has("--no-stub");
  session.stub_dir = context.setting("--stub", "flash.stub_dir");
  session.trace_file = args.get("--trace").value_or("");
  session.timeout = context.settings.timeout;
  session.force = args.has("--force");
  return session;
}

flash::HeaderPatch make_header(const Arguments& args) {
  return {args.get("--flash-mode").value_or(""), args.get("--flash-freq").value_or(""),
          args.get("--flash-size").value_or("")};
}

Result<flash::Region> make_region(const Arguments& args, const std::string& verb) {
  const int ways = (args.has("--partition") ? 1 : 0) + (args.has("--all") ? 1 : 0) +
                   (args.has("--offset") || args.has("--size") ? 1 : 0);
  if (ways == 0) {
    return make_error(Errc::missing_argument,
                      fmt::format("flash {}: which part of the flash", verb),
                      "add --partition NAME, --offset BYTES --size BYTES, or --all");
  }
  if (ways > 1) {
    return make_error(Errc::conflict, "--partition, --offset and --all",
                      "name the part of the flash in one way");
  }
  flash::Region region;
  region.partition = args.get("--partition").value_or("");
  region.whole_chip = args.has("--all");
  if (const auto text = args.get("--offset")) {
    AIOT_TRY(region.offset, parse_size(*text).with("--offset"));
  }
  if (const auto text = args.get("--size")) {
    AIOT_TRY(region.size, parse_size(*text).with("--size"));
  }
  if (region.offset.has_value() != region.size.has_value()) {
    return make_error(Errc::missing_argument,
                      region.offset ? "--offset without --size" : "--size without --offset",
                      "a part of the flash needs both");
  }
  return region;
}

template <class T>
render::Outcome make_outcome(const Context& context, const flash::Report<T>& report) {
  render::Outcome outcome;
  outcome.record = report;
  outcome.devices = report.devices.size();
  for (const DeviceReport<T>& device : report.devices) {
    if (device.error) outcome.failures.push_back({device.device.str(), device.step, *device.error});
  }
  const Terminal& terminal = context.environment.terminal;
  const std::size_t width = terminal.out && terminal.columns ? terminal.columns() : 0;
  outcome.text = [report, width](std::ostream& out) {
    render::print_flash_report(out, report, width);
  };
  return outcome;
}

/// Runs `job` and renders its outcome.
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
  AIOT_TRY(Targets targets, find_targets(context, flash_schemes));
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

Result<std::optional<flash::BootCheck>> make_boot_check(const Arguments& args,
                                                        const flash::Session& session) {
  flash::BootCheck check;
  check.expect = args.get("--expect").value_or("");
  check.fail_on = args.get("--fail-on").value_or("");
  if (check.expect.empty() && check.fail_on.empty()) {
    if (!args.has("--within") && !args.has("--console-baud")) return std::nullopt;
    return make_error(Errc::missing_argument, "a boot check without --expect or --fail-on",
                      "add --expect REGEX: what the application prints when it runs");
  }
  if (session.after == flash::After::loader) {
    return make_error(Errc::conflict, "--after loader and a boot check",
                      "leave --after out: the application must run");
  }
  if (const auto text = args.get("--within")) {
    AIOT_TRY(check.within, parse_duration(*text).with("--within"));
  }
  if (const auto text = args.get("--console-baud")) {
    AIOT_TRY(check.baud_bps, parse_number<std::uint32_t>("--console-baud", *text, "115200"));
  }
  return check;
}

struct Write {
  std::vector<Address> devices;
  flash::WriteRequest request;
};
Result<Write> make_write(const Context& context) {
  Write write;
  AIOT_TRY(Targets targets, find_targets(context, flash_schemes));
  write.devices = std::move(targets.devices);
  flash::WriteRequest& request = write.request;
  AIOT_TRY(request.images, parse_images(context, targets.rest));
  AIOT_TRY(request.session, make_session(context));
  AIOT_TRY(request.boot, make_boot_check(context.args, request.session));
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
  AIOT_TRY(Targets targets, find_targets(context, flash_schemes));
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

// The verbs that need no device: `flash image` and `flash merge`.

Result<std::uint64_t> size_option(const Arguments& args, const std::string& name,
                                  std::uint64_t otherwise) {
  const auto text = args.get(name);
  if (!text) return otherwise;
  return parse_size(*text).with(name);
}

Result<std::uint8_t> fill_option(const Arguments& args) {
  AIOT_TRY(const auto fill, size_option(args, "--fill", 0xFF));
  if (fill > 0xFF) {
    return make_error(Errc::bad_value, fmt::format("--fill {:#x}", fill), "one byte, 0 to 0xff");
  }
  return static_cast<std::uint8_t>(fill);
}

template <class T>
int finish(Context& context, const Result<T>& result) {
  if (!result.has_value()) return context.fail(result.error());
  render::Outcome outcome;
  outcome.record = *result;
  return context.ui.finish(outcome);
}

/// The problems of a file are its result; the exit code says that there are some.
Result<void> check_problems(const firmware::Explanation& explanation) {
  const auto& problems = explanation.problems;
  if (problems.empty()) return {};
  std::string text = problems.front().text;
  if (problems.size() > 1) text += fmt::format(" (and {} more)", problems.size() - 1);
  return make_error(Errc::damaged_file, std::move(text), "copy or build the file again");
}

int explain(Context& context) {
  const auto explanation = context.environment.explain(context.args.items.front());
  if (!explanation.has_value()) return context.fail(explanation.error());
  render::Outcome outcome;
  outcome.record = *explanation;
  if (const auto sound = check_problems(*explanation); !sound.has_value()) {
    outcome.failures.push_back({"", "", sound.error()});
  }
  return context.ui.finish(outcome);
}

int convert(Context& context) {
  firmware::ConvertRequest request;
  request.dry_run = context.settings.dry_run;
  request.input = context.args.items.front();
  request.to = context.args.get("--convert").value_or("");
  request.output = context.args.get("--output").value_or("");
  if (request.output.empty()) {
    return context.fail(make_error(Errc::missing_argument, "flash image --convert: --output FILE",
                                   "say where the result goes: -o out.bin"));
  }
  const auto offset = size_option(context.args, "--offset", 0);
  if (!offset.has_value()) return context.fail(offset.error());
  request.offset = *offset;
  const auto fill = fill_option(context.args);
  if (!fill.has_value()) return context.fail(fill.error());
  request.fill = *fill;
  request.chip = context.args.get("--chip").value_or("");
  request.header = make_header(context.args);
  return finish(context, context.environment.convert(request));
}

Result<firmware::MergeRequest> make_merge(const Context& context) {
  firmware::MergeRequest request;
  request.dry_run = context.settings.dry_run;
  for (const std::string& word : context.args.items) {
    AIOT_TRY(request.images.emplace_back(), flash::parse_placement(word));
  }
  request.output = context.args.get("--output").value_or("");
  if (request.output.empty()) {
    return make_error(Errc::missing_argument, "flash merge: --output FILE",
                      "say where the image goes: -o merged.bin");
  }
  request.header = make_header(context.args);
  request.chip = context.args.get("--chip").value_or("");
  AIOT_TRY(request.fill, fill_option(context.args));
  AIOT_TRY(request.pad_to, size_option(context.args, "--pad-to", 0));
  AIOT_TRY(request.base, size_option(context.args, "--base", 0));
  request.overwrite = !context.args.has("--keep-existing");
  return request;
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

int flash_image(Context& context) {
  if (context.args.has("--convert")) return convert(context);
  if (context.args.has("--output")) {
    return context.fail(make_error(Errc::missing_argument, "--output without --convert",
                                   "say the form: --convert hex"));
  }
  return explain(context);
}

int flash_merge(Context& context) {
  const auto request = make_merge(context);
  if (!request.has_value()) return context.fail(request.error());
  return finish(context, context.environment.merge(*request));
}

}  // namespace aiot::cli::command
