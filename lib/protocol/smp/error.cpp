#include "protocol/smp/error.hpp"

namespace aiot::smp {
namespace {

constexpr ErrorRow error_rows[] = {
    {Errc::no_reply, "smp.no_reply", "no reply from the SMP server", Condition::timeout, true},
    {Errc::bad_reply, "smp.bad_reply", "the SMP server's reply is invalid", Condition::protocol},
    {Errc::bad_cbor, "smp.bad_cbor", "invalid CBOR", Condition::protocol},
    {Errc::unsupported, "smp.unsupported", "the SMP server does not support the command",
     Condition::protocol},
    {Errc::refused, "smp.refused", "the SMP server refused", Condition::protocol},
    {Errc::image_refused, "smp.image_refused", "the SMP server refused the image",
     Condition::protocol},
    {Errc::not_newer, "smp.not_newer", "the device has this version or a newer one",
     Condition::refused_security},
    {Errc::no_space, "smp.no_space", "the image does not fit into its slot", Condition::mismatch},
    {Errc::unknown_image, "smp.unknown_image", "no slot has this image", Condition::mismatch},
    {Errc::upload_stalled, "smp.upload_stalled", "the SMP server takes no more of the image",
     Condition::timeout, true},
    {Errc::hash_mismatch, "smp.hash_mismatch", "the slot holds another image than was sent",
     Condition::mismatch, true},
    {Errc::packet_too_small, "smp.packet_too_small",
     "the SMP server's buffers are too small to carry an image", Condition::protocol},
};
const ErrorTable error_table("smp", error_rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept {
  return {static_cast<int>(e), error_table};
}

}  // namespace aiot::smp
