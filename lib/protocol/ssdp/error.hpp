#pragma once

#include "aiot/error.hpp"
#include "aiot/result.hpp"

namespace aiot::ssdp {

enum class Errc {
  not_ssdp = 1,       ///< neither a search, nor an answer, nor an announcement
  too_large,          ///< beyond a bound of parse_message()
  not_a_description,  ///< XML, but no UPnP device
};
boost::system::error_code make_error_code(Errc e) noexcept;

}  // namespace aiot::ssdp

template <>
struct boost::system::is_error_code_enum<aiot::ssdp::Errc> : std::true_type {};
