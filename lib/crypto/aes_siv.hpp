#pragma once

#include <optional>
#include <span>

#include "aiot/bytes.hpp"

/// AES-SIV (RFC 5297): a cipher without a nonce that also proves who wrote a message and the data
/// that goes with it in the clear. A key has 32, 48 or 64 bytes, a text at least one; another
/// length is a bug of the caller and ends the program.
namespace aiot::crypto {

/// The tag, and the cipher text behind it. Of `associated` each part counts, also an empty one:
/// no part and an empty part are not the same.
Bytes aes_siv_seal(ByteSpan key, std::span<const ByteSpan> associated, ByteSpan text);
/// Nothing when `sealed` is not longer than a tag, or the tag is wrong.
std::optional<Bytes> aes_siv_open(ByteSpan key, std::span<const ByteSpan> associated,
                                  ByteSpan sealed);

}  // namespace aiot::crypto
