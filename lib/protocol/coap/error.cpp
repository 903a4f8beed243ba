#include "protocol/coap/error.hpp"

#include <array>

namespace aiot::coap {
namespace {

constexpr ErrorRow row(Errc e, std::string_view code, std::string_view message, Condition condition,
                       bool retryable = false) {
  return {static_cast<int>(e), code, message, condition, retryable};
}

constexpr std::array rows = {
    row(Errc::bad_message, "coap.bad_message", "not a CoAP message", Condition::protocol),
    row(Errc::bad_link_format, "coap.bad_link_format", "not a list of links", Condition::protocol),
    row(Errc::bad_block, "coap.bad_block", "the blocks do not fit together", Condition::protocol,
        true),
    row(Errc::too_large, "coap.too_large", "the resource is larger than is accepted",
        Condition::protocol),
    row(Errc::no_reply, "coap.no_reply", "no answer", Condition::timeout, true),
    row(Errc::reset, "coap.reset", "the other end reset the exchange", Condition::protocol, true),
    row(Errc::critical_option, "coap.critical_option",
        "the answer has a critical option that is not known here", Condition::protocol),
    row(Errc::refused, "coap.refused", "the request was refused", Condition::protocol),
    row(Errc::not_observable, "coap.not_observable", "the resource cannot be observed",
        Condition::protocol),
};
const ErrorTable table("coap", rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), table}; }

}  // namespace aiot::coap
