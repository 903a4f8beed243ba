#include "protocol/miio/error.hpp"

#include <array>

namespace aiot::miio {
namespace {

constexpr ErrorRow row(Errc e, std::string_view code, std::string_view message, Condition condition,
                       bool retryable = false) {
  return {static_cast<int>(e), code, message, condition, retryable};
}

constexpr std::array rows = {
    row(Errc::bad_packet, "miio.bad_packet", "not a miIO packet", Condition::protocol),
    row(Errc::wrong_token, "miio.wrong_token", "the token is not this device's",
        Condition::refused_security),
    row(Errc::token_hidden, "miio.token_hidden", "the device hides its token",
        Condition::refused_security),
    row(Errc::bad_reply, "miio.bad_reply", "the answer makes no sense", Condition::protocol, true),
    row(Errc::no_reply, "miio.no_reply", "no answer", Condition::timeout, true),
    row(Errc::refused, "miio.refused", "the device refused", Condition::protocol),
};
const ErrorTable table("miio", rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), table}; }

}  // namespace aiot::miio
