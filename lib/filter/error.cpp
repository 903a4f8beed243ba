#include "filter/error.hpp"

#include <array>

namespace aiot::filter {
namespace {

constexpr std::array<ErrorRow, 2> rows = {{
    {static_cast<int>(Errc::bad_filter), "filter.syntax", "the filter cannot be understood",
     Condition::usage},
    {static_cast<int>(Errc::bad_pattern), "filter.pattern",
     "the regular expression cannot be understood", Condition::usage},
}};
const ErrorTable table("filter", rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), table}; }

}  // namespace aiot::filter
