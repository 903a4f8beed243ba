#include "net/capture/error.hpp"

#include <array>

namespace aiot::net::capture {
namespace {

constexpr ErrorRow row(Errc e, std::string_view code, std::string_view message) {
  return {static_cast<int>(e), code, message, Condition::invalid_input};
}

constexpr std::array<ErrorRow, 5> rows = {{
    row(Errc::unreadable, "capture.unreadable", "the capture cannot be read"),
    row(Errc::not_a_capture, "capture.format", "not a capture"),
    row(Errc::unsupported, "capture.unsupported", "this kind of capture is not read"),
    row(Errc::damaged, "capture.damaged", "the capture is damaged"),
    row(Errc::truncated, "capture.truncated", "the capture ends in the middle of a record"),
}};
const ErrorTable table("capture", rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), table}; }

}  // namespace aiot::net::capture
