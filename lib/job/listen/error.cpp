#include "job/listen/error.hpp"

#include <array>

namespace aiot::listen {
namespace {

constexpr ErrorRow row(Errc e, std::string_view code, std::string_view message, Condition c) {
  return {static_cast<int>(e), code, message, c};
}

constexpr std::array<ErrorRow, 10> rows = {{
    row(Errc::no_sources, "listen.no_sources", "no address was named", Condition::usage),
    row(Errc::same_source, "listen.same_source", "the same address is named twice",
        Condition::usage),
    row(Errc::not_seen, "listen.not_seen", "the expected text did not come in time",
        Condition::timeout),
    row(Errc::ended_early, "listen.ended_early",
        "everything that was listened to ended before the expected text came", Condition::timeout),
    row(Errc::failure_seen, "listen.failure_seen", "the text that means failure came",
        Condition::mismatch),
    row(Errc::stopped, "listen.stopped", "stopped before the expected text came",
        Condition::cancelled),
    row(Errc::bad_setting, "listen.bad_setting", "the address has an unknown setting",
        Condition::usage),
    row(Errc::no_reset, "listen.no_reset", "no address named here can reset a device",
        Condition::usage),
    row(Errc::log_unwritable, "listen.log_unwritable", "the log file cannot be written",
        Condition::resource),
    row(Errc::log_incomplete, "listen.log_incomplete", "messages are missing in the log file",
        Condition::not_recorded),
}};
const ErrorTable table("listen", rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), table}; }

}  // namespace aiot::listen
