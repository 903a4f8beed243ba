#pragma once

#include "aiot/error.hpp"
#include "aiot/result.hpp"

namespace aiot::xml {

enum class Errc {
  not_xml = 1,  ///< not well-formed, or in an encoding that is not UTF-8, Latin-1 or ASCII
  too_large,    ///< beyond a bound of parse()
  forbidden,    ///< it declares a document type, which entities come with
};
boost::system::error_code make_error_code(Errc e) noexcept;

}  // namespace aiot::xml

template <>
struct boost::system::is_error_code_enum<aiot::xml::Errc> : std::true_type {};
