#include "errors.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace aiot::cli {
namespace {

constexpr ErrorRow rows[] = {
    {Errc::unknown_option, "usage.option", "no such option", Condition::usage},
    {Errc::unknown_command, "usage.command", "no such command", Condition::usage},
    {Errc::missing_value, "usage.value_missing", "the option needs a value", Condition::usage},
    {Errc::bad_value, "usage.value", "not a value this option takes", Condition::usage},
    {Errc::missing_argument, "usage.argument_missing", "an argument is missing", Condition::usage},
    {Errc::too_many_arguments, "usage.argument_extra", "one argument too many", Condition::usage},
    {Errc::conflict, "usage.conflict", "these cannot be used together", Condition::usage},
    {Errc::duplicate_device, "usage.duplicate_device", "the same device is named twice",
     Condition::usage},
    {Errc::needs_confirmation, "confirmation.needed", "this needs a confirmation",
     Condition::confirmation},
    {Errc::declined, "confirmation.declined", "not confirmed, nothing was changed",
     Condition::confirmation},
    {Errc::bad_device_list, "devices.list", "not a list of devices", Condition::invalid_input},
    {Errc::no_devices, "devices.none", "no device is named", Condition::no_match},
    {Errc::nothing_captured, "discover.nothing_captured", "no device is in the capture",
     Condition::no_match},
    {Errc::nothing_found, "discover.nothing", "no device was found", Condition::no_match},
    {Errc::stopped, "stopped", "stopped before its time", Condition::cancelled},
    {Errc::log_file, "log.unwritable", "the log file cannot be written", Condition::resource},
    {Errc::output_failed, "output.failed", "standard output could not be written",
     Condition::resource},
    {Errc::damaged_file, "file.damaged", "the file is damaged", Condition::invalid_input},
    {Errc::input_file, "input.unreadable", "the file cannot be read", Condition::invalid_input},
    {Errc::output_file, "output.unwritable", "the file cannot be written", Condition::resource},
    {Errc::report_unwritable, "bench.unwritable", "the output cannot be written there",
     Condition::resource},
    {Errc::report_failed, "bench.report_failed", "the report could not be written",
     Condition::not_recorded},
    {Errc::machine_fault, "doctor.fault", "this machine has a fault", Condition::resource},
    {Errc::target_missing, "ota.target_missing", "the file of this target is missing",
     Condition::mismatch},
    {Errc::target_damaged, "ota.target_damaged", "the file of this target is damaged",
     Condition::mismatch},
    {Errc::repository_due, "ota.due", "devices cannot update from the repository as it is",
     Condition::mismatch},
    {Errc::internal, "internal.error", "this is a bug in aiotctl", Condition::internal},
};
const ErrorTable error_table("cli", rows);

struct FlagHint {
  std::string_view code;  ///< a stable code, or its first part with a trailing dot
  std::string_view text;
};
constexpr std::array flag_hints = {
    FlagHint{"key.needs_passphrase", "--secret-file names it"},
    FlagHint{"key.passphrase", "--secret-file names another"},
    FlagHint{"ota.missing_key", "--key names one; for init, --root and the other roles"},
    FlagHint{"ota.no_version", "--version says it"},
    FlagHint{"ota.unsigned_image", "`aiotctl ota sign` does"},
    FlagHint{"ota.older_version", "--allow-older does"},
    FlagHint{"ota.rolled_back", "--again does"},
    FlagHint{"tls.untrusted", "--ca or --fingerprint says whom to trust"},
    FlagHint{"pkcs11.needs_pin", "--secret-file names it, too"},
    FlagHint{"bench.data_form", "--data-type says what the files hold"},
    FlagHint{"bench.busy", "--pin CPU holds it to one that is free"},
    FlagHint{"bench.crowded", "--threads says how many there are"},
    FlagHint{"bench.accuracy_low", "--allow-missed takes it all the same"},
    FlagHint{"bench.one_class", "--allow-missed takes them all the same"},
    FlagHint{"bench.device_timeout", "--timeout gives more time"},
    FlagHint{"bench.no_input_size", "--model or --data says so"},
    FlagHint{"bench.not_comparable", "--force compares all the same"},
    FlagHint{"bench.pin_failed", "--pin names others"},
    FlagHint{"bench.timeout",
             "--timeout gives more; --warm-up, --duration and --runs ask for less"},
    FlagHint{"bench.results_exist", "--force overwrites them"},
    FlagHint{"energyrunner.no_answer", "--baud 115200,9600 tries several rates"},
    FlagHint{"engine.isa_missing", "leave out --isa to take the fastest there is"},
    FlagHint{"discover.nothing", "--timeout 10s looks longer; -v says what each source needs"},
    FlagHint{"discover.nothing_captured", "--json says what was read of it"},
    FlagHint{"discover.no_sources", "leave out --only or --except"},
    FlagHint{"esp.baud_failed", "--baud 115200 is the slow and safe rate"},
    FlagHint{"esp.baud_lost", "--baud 115200 is the slow and safe rate"},
    FlagHint{"esp.no_sync",
             "--before none leaves a chip alone that was brought into its loader by hand"},
    FlagHint{"esp.rom_cannot", "a stub can: leave out --no-stub, or name a folder with --stub"},
    FlagHint{"esp.wrong_chip", "leave out --chip to take whatever chip is there"},
    FlagHint{"flash.cannot_keep", "give offsets and sizes that are multiples of 4096"},
    FlagHint{"flash.device_timeout", "--timeout gives more time"},
    FlagHint{"flash.needs_placeholder", "write -o backup-{mac}.bin, or {n} for the number"},
    FlagHint{"image.partition", "`aiotctl flash info ADDRESS` lists the device's partitions"},
    FlagHint{"flash.no_stub", "--stub names a folder with stubs; --no-stub does without"},
    FlagHint{"flash.no_table", "--offset BYTES gives one"},
    FlagHint{"flash.same_device", "name each device once"},
    FlagHint{"flash.secured", "--force goes on all the same; the device may not start afterwards"},
    FlagHint{"flash.unknown_flash", "--flash-size 4MB names the size"},
    FlagHint{"flash.unplaced", "write FILE@OFFSET or FILE@PARTITION: fw.bin@0x10000"},
    FlagHint{"flash.needs_consent", "--all says so, and asks; --yes answers"},
    FlagHint{"image.unknown_chip", "--chip names it"},
    FlagHint{"image.chip", "--force writes it all the same"},
    FlagHint{"image.offset", "write FILE@OFFSET: fw.bin@0x10000"},
    FlagHint{"image.revision", "--force writes it all the same"},
    FlagHint{"link.timeout", "--timeout gives more time"},
    FlagHint{"pair.device_timeout", "--timeout gives more time"},
    FlagHint{"pair.missing_secret",
             "--secret-file FILE gives it; `pair` in a terminal asks for a passkey that the device "
             "shows"},
    FlagHint{"pair.missing_wifi", "--wifi-file FILE gives them"},
    FlagHint{"pair.no_protocol", "--protocol NAME says which"},
    FlagHint{"pair.protocol_violated", "--trace FILE shows the bytes; --protocol names another"},
    FlagHint{"pair.shared_token_file", "--token-file FOLDER/ names one"},
    FlagHint{"port.baud", "--baud names another rate"},
    FlagHint{"sim.flash-file-size", "--flash-size names its size"},
    FlagHint{"usage.duplicate_device", "name each device once"},
};

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept {
  return {static_cast<int>(e), error_table};
}

std::string_view flag_hint(std::string_view stable_code) {
  const auto it = std::find_if(flag_hints.begin(), flag_hints.end(), [&](const FlagHint& h) {
    return h.code.ends_with('.') ? stable_code.starts_with(h.code) : stable_code == h.code;
  });
  return it == flag_hints.end() ? std::string_view() : it->text;
}

std::string full_hint(const Error& error) {
  const std::string_view flag = flag_hint(error.stable_code());
  if (flag.empty()) return error.hint;
  return error.hint.empty() ? std::string(flag) : error.hint + "; " + std::string(flag);
}

}  // namespace aiot::cli
