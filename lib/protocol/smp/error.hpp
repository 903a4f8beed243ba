#pragma once

#include "aiot/error.hpp"
#include "aiot/result.hpp"

namespace aiot::smp {

/// What can go wrong in a conversation with an SMP server.
enum class Errc {
  no_reply = 1,      ///< a request was not answered, also when it was sent again
  bad_reply,         ///< an answer that the protocol does not allow
  bad_cbor,          ///< CBOR that is damaged, or beyond the limits of this room
  unsupported,       ///< the server lacks the group or the command
  refused,           ///< the server answered with an error; its reason is in peer_text
  image_refused,     ///< the image's header, size or hash is not what the server takes
  not_newer,         ///< the server takes only a newer image
  no_space,          ///< the image is larger than its slot
  unknown_image,     ///< no slot has an image of this hash
  upload_stalled,    ///< the server takes no more of the image
  hash_mismatch,     ///< the slot holds other bytes than were sent
  packet_too_small,  ///< the server's packets are too small to carry data
};
boost::system::error_code make_error_code(Errc e) noexcept;

}  // namespace aiot::smp

template <>
struct boost::system::is_error_code_enum<aiot::smp::Errc> : std::true_type {};
