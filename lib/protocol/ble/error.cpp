#include "protocol/ble/error.hpp"

#include <array>

namespace aiot::ble {
namespace {

constexpr int row(Errc e) { return static_cast<int>(e); }

constexpr std::array<ErrorRow, 4> rows = {{
    {row(Errc::truncated), "ble.truncated", "the advert ends too early", Condition::protocol},
    {row(Errc::bad_format), "ble.format", "not an advert of this format", Condition::protocol},
    {row(Errc::bad_version), "ble.version", "this version of the format is not known",
     Condition::protocol},
    {row(Errc::wrong_key), "ble.wrong_key", "the bind key does not fit",
     Condition::refused_security},
}};
const ErrorTable table("ble", rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), table}; }

}  // namespace aiot::ble
