#pragma once

#include "aiot/error.hpp"
#include "aiot/result.hpp"

namespace aiot::flash {

/// What stops a flash job, beyond what links, loaders and images report themselves.
enum class Errc {
  no_devices = 1,     ///< the request names no device
  same_device,        ///< two addresses lead to one device
  device_changed,     ///< another device is connected than the one identified before
  secured,            ///< secure boot or flash encryption is on
  cannot_keep,        ///< a shared sector's other bytes cannot be read back
  cannot_verify,      ///< the loader cannot hash or read
  verify_mismatch,    ///< flash differs from the files
  no_table,           ///< the device has no readable partition table
  bad_region,         ///< outside the flash, or not on sectors
  unknown_flash,      ///< the flash chip does not report its size
  unknown_chip,       ///< no such chip name
  no_stub,            ///< a stub was asked for and there is none
  output,             ///< the output file could not be written
  needs_placeholder,  ///< several devices would write one file
  device_timeout,     ///< the time allowed for a device is over
  cancelled,          ///< the user stopped it
  bad_baud,           ///< a rate that no loader is used at
  needs_consent,      ///< the region is the whole flash, and the request does not say so
  shared_trace,       ///< several devices would write one trace
  boot_failed,        ///< the application printed what it must not
  no_boot,            ///< the application did not print what it must in time
  boot_in_loader,     ///< a boot check of a device that stays in its loader
  unplaced,           ///< neither the file nor the device says where it goes
};
boost::system::error_code make_error_code(Errc e) noexcept;

}  // namespace aiot::flash

template <>
struct boost::system::is_error_code_enum<aiot::flash::Errc> : std::true_type {};
