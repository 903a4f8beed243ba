#pragma once

#include "aiot/error.hpp"
#include "aiot/result.hpp"

namespace aiot::ddi {

enum class Errc {
  bad_message = 1,  ///< not a message of DDI
  bad_journal,      ///< not a line of the server's journal
};
boost::system::error_code make_error_code(Errc e) noexcept;

}  // namespace aiot::ddi

template <>
struct boost::system::is_error_code_enum<aiot::ddi::Errc> : std::true_type {};
