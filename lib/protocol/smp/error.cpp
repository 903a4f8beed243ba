#include "protocol/smp/error.hpp"

#include <array>

namespace aiot::smp {
namespace {

constexpr ErrorRow row(Errc e, std::string_view code, std::string_view message, Condition condition,
                       bool retryable = false) {
  return {static_cast<int>(e), code, message, condition, retryable};
}

constexpr std::array error_rows = {
    row(Errc::no_reply, "smp.no_reply", "no reply from the SMP server", Condition::timeout, true),
    row(Errc::bad_reply, "smp.bad_reply", "the SMP server's reply is invalid", Condition::protocol),
    row(Errc::bad_cbor, "smp.bad_cbor", "invalid CBOR", Condition::protocol),
    row(Errc::unsupported, "smp.unsupported", "the SMP server does not support the command",
        Condition::protocol),
    row(Errc::refused, "smp.refused", "the SMP server refused", Condition::protocol),
    row(Errc::image_refused, "smp.image_refused", "the SMP server refused the image",
        Condition::protocol),
    row(Errc::not_newer, "smp.not_newer", "the device has this version or a newer one",
        Condition::refused_security),
    row(Errc::no_space, "smp.no_space", "the image does not fit into its slot",
        Condition::mismatch),
    row(Errc::unknown_image, "smp.unknown_image", "no slot has this image", Condition::mismatch),
    row(Errc::upload_stalled, "smp.upload_stalled", "the SMP server takes no more of the image",
        Condition::timeout, true),
    row(Errc::hash_mismatch, "smp.hash_mismatch", "the slot holds another image than was sent",
        Condition::mismatch, true),
    row(Errc::packet_too_small, "smp.packet_too_small",
        "the SMP server's buffers are too small to carry an image", Condition::protocol),
};
const ErrorTable error_table("smp", error_rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept {
  return {static_cast<int>(e), error_table};
}

}  // namespace aiot::smp
