#pragma once

#include "aiot/error.hpp"
#include "aiot/result.hpp"

namespace aiot::esp::device {

/// Why a virtual device cannot be made.
enum class Errc {
  unknown_chip = 1,  ///< no such virtual device
  unknown_profile,   ///< no such timing profile
  bad_fault,         ///< a fault's text does not parse
  bad_mac,           ///< not six bytes in hex
  flash_size,        ///< not a power of two of 256 KiB to 16 MiB
  flash_file,        ///< the file behind the flash cannot be used
  flash_file_size,   ///< the file behind the flash has another size
};
boost::system::error_code make_error_code(Errc e) noexcept;

}  // namespace aiot::esp::device

template <>
struct boost::system::is_error_code_enum<aiot::esp::device::Errc> : std::true_type {};
