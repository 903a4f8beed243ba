#pragma once

#include <array>
#include <optional>

#include "aiot/bytes.hpp"

namespace aiot::crypto {

using Aes128Key = std::array<std::uint8_t, 16>;

/// Opens an AES-128-CCM message (NIST SP 800-38C, RFC 3610). `nonce` has 7 to 13 bytes, `tag` 4 to
/// 16, an even number; other lengths are a bug. nullopt when the tag does not fit: another key,
/// nonce or associated data, or a changed message.
std::optional<Bytes> aes_ccm_open(const Aes128Key& key, ByteSpan nonce, ByteSpan associated,
                                  ByteSpan ciphertext, ByteSpan tag);

/// The same message without its tag looked at: any key gives some bytes. Only for formats that
/// carry no tag that could be checked.
Bytes aes_ccm_decrypt_unverified(const Aes128Key& key, ByteSpan nonce, ByteSpan ciphertext);

}  // namespace aiot::crypto
