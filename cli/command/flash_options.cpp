#include "command/flash_options.hpp"

#include <fmt/format.h>

#include <charconv>

#include "aiot/units.hpp"
#include "errors.hpp"

namespace aiot::cli::command {
namespace {

Result<std::uint32_t> parse_number(const std::string& flag, const std::string& text,
                                   const std::string& example) {
  std::uint32_t number = 0;
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, number);
  if (error != std::errc() || end != last) {
    return make_error(Errc::bad_value, fmt::format("{} {}", flag, text),
                      "write a whole number, such as " + example);
  }
  return number;
}

/// 0 for the fastest that works.
Result<std::uint32_t> parse_baud(const std::string& text) {
  AIOT_TRY(const std::uint32_t baud, parse_number("--baud", text, "921600"));
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

}  // namespace

std::vector<Option> device_options() {
  return {
      {.names = "--each",
       .value = "USB",
       .help = "Every port whose adapter is usb:VID:PID, such as usb:10c4:ea60",
       .repeatable = true},
      {.names = "--devices",
       .value = "FILE",
       .help = "Devices from a file, an address or a JSON line each; - is standard input",
       .complete = Complete::file},
      {.names = "-j,--jobs",
       .value = "N",
       .help = "Serve N devices at once; all by default",
       .key = "flash.jobs"},
  };
}

std::vector<Option> session_options() {
  return {
      {.names = "-c,--chip",
       .value = "CHIP",
       .help = "Insist on this chip, such as esp32c3; any by default",
       .key = "flash.chip"},
      {.names = "-b,--baud",
       .value = "BPS",
       .help = "Serial speed; by default the fastest that works is found",
       .key = "flash.baud"},
      {.names = "--before",
       .value = "HOW",
       .help = "How to bring the chip into its loader",
       .key = "flash.before",
       .choices = {{"auto", "by the link", {"default-reset"}},
                   {"classic", "DTR and RTS of a bridge"},
                   {"usb-jtag", "the chip's own USB", {"usb-reset"}},
                   {"none", "it is there already", {"no-reset", "no-reset-no-sync"}}}},
      {.names = "--after",
       .value = "WHAT",
       .help = "What to leave behind",
       .key = "flash.after",
       .choices = {{"reset", "the application runs", {"hard-reset", "watchdog-reset"}},
                   {"loader", "the loader waits", {"no-reset", "no-reset-stub"}}}},
      {.names = "--no-stub", .help = "Talk to the chip's ROM; slower, and it cannot do everything"},
      {.names = "--stub",
       .value = "DIR",
       .help = "Take flasher stubs from DIR",
       .key = "flash.stub_dir",
       .complete = Complete::folder},
      {.names = "--trace",
       .value = "FILE",
       .help = "Write every byte on the wire to FILE, with times; %d is the device's number, for "
               "several",
       .complete = Complete::file},
      {.names = "-f,--force", .help = "Go on where a check refuses and it can make sense"},
  };
}

std::vector<Option> header_options() {
  return {
      {.names = "--flash-mode",
       .value = "MODE",
       .help = "Set the flash mode in the boot loader's header",
       .choices = {{"keep"}, {"qio"}, {"qout"}, {"dio"}, {"dout"}}},
      {.names = "--flash-freq",
       .value = "FREQ",
       .help = "Set the flash frequency in it: keep, 80m, 40m, 26m, 20m, …"},
      {.names = "--flash-size",
       .value = "SIZE",
       .help = "Set the flash size in it: keep, 4MB, …, or detect for the device's own"},
  };
}

std::vector<Option> region_options() {
  return {
      {.names = "-p,--partition",
       .value = "NAME",
       .help = "The partition of this name in the device's own table"},
      {.names = "--offset", .value = "BYTES", .help = "Where the part begins: 0x10000, 64k"},
      {.names = "--size", .value = "BYTES", .help = "How long it is; with --offset"},
      {.names = "-a,--all", .help = "The whole flash"},
  };
}

std::vector<Option> together(std::vector<std::vector<Option>> lists) {
  std::vector<Option> all;
  for (auto& list : lists) all.insert(all.end(), list.begin(), list.end());
  return all;
}

Result<flash::Session> make_session(const Context& context) {
  const Arguments& args = context.args;
  flash::Session session;
  const std::string chip = context.setting("--chip", "flash.chip");
  session.chip = chip == "auto" ? "" : chip;
  AIOT_TRY(session.baud_bps, parse_baud(context.setting("--baud", "flash.baud")));
  AIOT_TRY(session.jobs, parse_number("--jobs", context.setting("--jobs", "flash.jobs"), "4"));
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

}  // namespace aiot::cli::command
