#pragma once

#include <optional>

#include "aiot/bytes.hpp"

namespace aiot::crypto {

inline constexpr std::size_t aes_gcm_tag_bytes = 16;
inline constexpr std::size_t aes_gcm_nonce_bytes = 12;

/// AES-GCM (NIST SP 800-38D) with a key of 16 or 32 bytes, a nonce of 12 and a tag of 16; other
/// lengths are a bug of the caller and end the program. `text`, encrypted, and the tag behind it.
Bytes aes_gcm_seal(ByteSpan key, ByteSpan nonce, ByteSpan associated, ByteSpan text);
/// `sealed` is cipher text and tag. Nothing when it is shorter than a tag, or the tag is wrong.
std::optional<Bytes> aes_gcm_open(ByteSpan key, ByteSpan nonce, ByteSpan associated,
                                  ByteSpan sealed);

}  // namespace aiot::crypto
