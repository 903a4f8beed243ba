#include "core/error_codes.hpp"

#include <array>

namespace aiot::core {
namespace {

constexpr std::array<ErrorRow, 5> rows = {{
    {static_cast<int>(Errc::bad_size), "usage.size", "not a size in bytes", Condition::usage},
    {static_cast<int>(Errc::bad_duration), "usage.duration", "not a duration", Condition::usage},
    {static_cast<int>(Errc::bad_address), "usage.address", "not an address", Condition::usage},
    {static_cast<int>(Errc::wrong_scheme), "usage.scheme",
     "this kind of address cannot be used here", Condition::usage},
    {static_cast<int>(Errc::no_module), "system.library", "a library that this needs is not installed",
     Condition::resource},
}};
const ErrorTable table("core", rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), table}; }

}  // namespace aiot::core
