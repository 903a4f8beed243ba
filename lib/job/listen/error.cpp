#include "job/listen/error.hpp"

namespace aiot::listen {
namespace {

constexpr ErrorRow rows[] = {
    {Errc::no_sources, "listen.no_sources", "no address was named", Condition::usage},
    {Errc::same_source, "listen.same_source", "the same address is named twice", Condition::usage},
    {Errc::not_seen, "listen.not_seen", "the expected text did not come in time",
     Condition::timeout},
    {Errc::ended_early, "listen.ended_early",
     "everything that was listened to ended before the expected text came", Condition::timeout},
    {Errc::failure_seen, "listen.failure_seen", "the text that means failure came",
     Condition::mismatch},
    {Errc::stopped, "listen.stopped", "stopped before the expected text came",
     Condition::cancelled},
    {Errc::bad_setting, "listen.bad_setting", "the address has an unknown setting",
     Condition::usage},
    {Errc::no_reset, "listen.no_reset", "no address named here can reset a device",
     Condition::usage},
    {Errc::log_unwritable, "listen.log_unwritable", "the log file cannot be written",
     Condition::resource},
    {Errc::log_incomplete, "listen.log_incomplete", "messages are missing in the log file",
     Condition::not_recorded},
};
const ErrorTable table("listen", rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), table}; }

}  // namespace aiot::listen
