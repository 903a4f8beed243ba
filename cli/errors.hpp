#pragma once

#include <string_view>

#include "aiot/error.hpp"
#include "aiot/result.hpp"

namespace aiot::cli {

/// What can go wrong in the command line itself.
enum class Errc {
  unknown_option = 1,
  unknown_command,
  missing_value,
  bad_value,
  missing_argument,
  too_many_arguments,
  conflict,
  duplicate_device,
  needs_confirmation,
  declined,
  bad_device_list,
  no_devices,
  nothing_captured,
  nothing_found,
  stopped,
  log_file,
  output_failed,
  damaged_file,       ///< a firmware file was explained, and is not sound
  input_file,         ///< a file that was named as input cannot be read
  output_file,        ///< a file that was named as output cannot be written
  report_unwritable,  ///< a report could not be written; found before the job begins
  report_failed,      ///< the job is done, and its report could not be written
  target_missing,     ///< the file of a target is not there
  target_damaged,     ///< it is not the one that was added
  repository_due,     ///< a repository was read, and devices cannot update from it
  machine_fault,      ///< a check of this machine has found a fault
  internal,
};
boost::system::error_code make_error_code(Errc e) noexcept;

/// The flag that helps with an error of this stable code, as a sentence; "" when none does.
/// The library's hints name no flags: this table is where flags meet its errors.
std::string_view flag_hint(std::string_view stable_code);

/// The hint to show: the error's own, and the flag that helps.
std::string full_hint(const Error& error);

}  // namespace aiot::cli

template <>
struct boost::system::is_error_code_enum<aiot::cli::Errc> : std::true_type {};
