#include "sim/error.hpp"

#include <array>

namespace aiot::sim {
namespace {

constexpr std::array<ErrorRow, 2> rows = {{
    {static_cast<int>(Errc::bad_port), "sim.bad-port", "not a port a virtual device can have",
     Condition::usage},
    {static_cast<int>(Errc::bad_count), "sim.bad-count", "not a number of devices",
     Condition::usage},
}};
const ErrorTable table("sim", rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), table}; }

}  // namespace aiot::sim
