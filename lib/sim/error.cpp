#include "sim/error.hpp"

#include <array>

namespace aiot::sim {
namespace {

constexpr std::array<ErrorRow, 6> rows = {{
    {static_cast<int>(Errc::bad_port), "sim.bad-port", "not a port a virtual device can have",
     Condition::usage},
    {static_cast<int>(Errc::bad_count), "sim.bad-count", "not a number of devices",
     Condition::usage},
    {static_cast<int>(Errc::bad_rate), "sim.bad-rate", "not a number a second", Condition::usage},
    {static_cast<int>(Errc::bad_broker), "sim.bad-broker", "not a broker to publish at",
     Condition::usage},
    {static_cast<int>(Errc::no_model), "sim.no-model", "no such model", Condition::invalid_input},
    {static_cast<int>(Errc::not_for_device), "sim.not-for-device",
     "this kind of virtual device has no such thing", Condition::usage},
}};
const ErrorTable table("sim", rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), table}; }

}  // namespace aiot::sim
