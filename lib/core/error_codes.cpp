#include "core/error_codes.hpp"

namespace aiot::core {
namespace {

constexpr ErrorRow rows[] = {
    {Errc::bad_size, "usage.size", "not a size in bytes", Condition::usage},
    {Errc::bad_duration, "usage.duration", "not a duration", Condition::usage},
    {Errc::bad_address, "usage.address", "not an address", Condition::usage},
    {Errc::wrong_scheme, "usage.scheme", "this kind of address cannot be used here",
     Condition::usage},
    {Errc::no_module, "system.library", "a library that this needs is not installed",
     Condition::resource},
};
const ErrorTable table("core", rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), table}; }

}  // namespace aiot::core
