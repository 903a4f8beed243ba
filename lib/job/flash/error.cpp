#include "job/flash/error.hpp"

namespace aiot::flash {
namespace {

constexpr ErrorRow rows[] = {
    {Errc::no_devices, "flash.no_devices", "no device is named", Condition::usage},
    {Errc::same_device, "flash.same_device", "the same device is named twice", Condition::usage},
    {Errc::device_changed, "flash.device_changed",
     "another device is connected than the one identified before", Condition::no_match},
    {Errc::secured, "flash.secured", "the device's security settings do not allow it",
     Condition::refused_security},
    {Errc::cannot_keep, "flash.cannot_keep",
     "the other bytes of a shared sector cannot be read back", Condition::protocol},
    {Errc::cannot_verify, "flash.cannot_verify", "this loader can neither hash nor read flash",
     Condition::protocol},
    {Errc::verify_mismatch, "flash.verify_mismatch", "the flash differs from the files",
     Condition::mismatch},
    {Errc::no_table, "flash.no_table", "the device has no valid partition table",
     Condition::mismatch},
    {Errc::bad_region, "flash.bad_region", "the region does not fit this flash",
     Condition::mismatch},
    {Errc::unknown_flash, "flash.unknown_flash", "the flash chip does not report its size",
     Condition::protocol},
    {Errc::unknown_chip, "flash.unknown_chip", "no such chip", Condition::usage},
    {Errc::no_stub, "flash.no_stub", "there is no stub for this chip", Condition::invalid_input},
    {Errc::output, "flash.output", "the output file could not be written", Condition::resource},
    {Errc::needs_placeholder, "flash.needs_placeholder",
     "several devices would write the same file", Condition::usage},
    {Errc::shared_trace, "flash.shared_trace", "several devices would write one trace",
     Condition::usage},
    {Errc::device_timeout, "flash.device_timeout", "the time limit for this device has expired",
     Condition::timeout},
    {Errc::cancelled, "flash.cancelled", "stopped before it was done", Condition::cancelled},
    {Errc::bad_baud, "flash.baud", "no loader works at this rate", Condition::usage},
    {Errc::needs_consent, "flash.needs_consent", "this is the whole flash",
     Condition::confirmation},
    {Errc::boot_failed, "flash.boot_failed", "the application printed what it must not",
     Condition::mismatch},
    {Errc::no_boot, "flash.no_boot", "the application did not start as expected",
     Condition::mismatch},
    {Errc::boot_in_loader, "flash.boot_in_loader",
     "an application cannot be checked on a device that stays in its loader", Condition::usage},
    {Errc::unplaced, "flash.unplaced",
     "neither the file nor the device says where in flash it goes", Condition::invalid_input},
};
const ErrorTable table("flash", rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), table}; }

}  // namespace aiot::flash
