#include "job/discover/error.hpp"

namespace aiot::discover {
namespace {

constexpr ErrorRow rows[] = {
    {Errc::unknown_source, "discover.unknown_source", "there is no such way to look",
     Condition::usage},
    {Errc::no_sources, "discover.no_sources", "no way to look is left", Condition::usage},
    {Errc::bad_subnet, "discover.bad_subnet",
     "not a network whose addresses can be asked one by one", Condition::usage},
    {Errc::unknown_interface, "discover.unknown_interface",
     "this machine has no such network interface", Condition::usage},
    {Errc::unknown_field, "discover.unknown_field", "no device has such a field", Condition::usage},
};
const ErrorTable table("discover", rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), table}; }

}  // namespace aiot::discover
