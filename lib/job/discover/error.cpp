#include "job/discover/error.hpp"

#include <array>

namespace aiot::discover {
namespace {

constexpr std::array<ErrorRow, 4> rows = {{
    {static_cast<int>(Errc::unknown_source), "discover.unknown_source",
     "there is no such way to look", Condition::usage},
    {static_cast<int>(Errc::no_sources), "discover.no_sources", "no way to look is left",
     Condition::usage},
    {static_cast<int>(Errc::bad_subnet), "discover.bad_subnet",
     "not a network whose addresses can be asked one by one", Condition::usage},
    {static_cast<int>(Errc::unknown_interface), "discover.unknown_interface",
     "this machine has no such network interface", Condition::usage},
}};
const ErrorTable table("discover", rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), table}; }

}  // namespace aiot::discover
