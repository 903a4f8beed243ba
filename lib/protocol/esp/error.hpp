#pragma once

#include "aiot/error.hpp"
#include "aiot/result.hpp"

namespace aiot::esp {

/// What can go wrong in a conversation with an ESP loader.
enum class Errc {
  no_sync = 1,      ///< no loader answered
  no_reply,         ///< a loader that had answered did not, within the command's time
  wrong_chip,       ///< another chip than the caller expects
  unknown_chip,     ///< a chip that this room does not know
  refused,          ///< the loader answered a command with an error; its reason is in peer_text
  damaged,          ///< the loader got a damaged request and ignored it: safe to repeat
  unsupported,      ///< the loader does not know the command
  bad_reply,        ///< an answer that does not fit the request
  rom_cannot,       ///< the ROM lacks the function; a stub has it
  secure_download,  ///< the chip is in secure download mode
  md5_mismatch,     ///< the bytes that arrived are not those that the stub read
  block_lost,       ///< a block that cannot be repeated got no or a bad answer
  stub_failed,      ///< the stub was uploaded and did not start
  stub_invalid,     ///< a stub file is damaged or for another chip
  baud_failed,      ///< the new rate does not work; both ends are at the old one
  baud_lost,        ///< the new rate does not work, and the chip stays at it until it is reset
  cannot_reset,     ///< no way to start the application over this link
  bad_range,        ///< an offset or size that flash commands cannot take
};
boost::system::error_code make_error_code(Errc e) noexcept;

}  // namespace aiot::esp

template <>
struct boost::system::is_error_code_enum<aiot::esp::Errc> : std::true_type {};
