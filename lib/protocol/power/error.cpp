#include "protocol/power/error.hpp"

#include <array>

namespace aiot::power {
namespace {

constexpr ErrorRow row(Errc e, std::string_view code, std::string_view message, Condition c,
                       bool retryable = false) {
  return {static_cast<int>(e), code, message, c, retryable};
}

constexpr std::array rows = {
    row(Errc::no_answer, "power.no_answer", "the power monitor did not answer", Condition::timeout,
        true),
    row(Errc::refused, "power.refused", "the power monitor refused", Condition::protocol),
    row(Errc::bad_setting, "power.bad_setting", "the power monitor has no such setting",
        Condition::usage),
    row(Errc::bad_stream, "power.bad_stream", "this is not what such a power monitor sends",
        Condition::protocol),
    row(Errc::lost_samples, "power.lost_samples", "the power monitor lost samples",
        Condition::protocol, true),
    row(Errc::lost_edges, "power.lost_edges", "the power monitor lost an edge", Condition::protocol,
        true),
    row(Errc::no_edges, "power.no_edges", "the power monitor saw no edge of the device's pin",
        Condition::protocol),
};
const ErrorTable table("power", rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), table}; }

}  // namespace aiot::power
