#pragma once

#include <optional>

#include "aiot/bytes.hpp"

/// Ciphers that also prove who wrote a message, and the data that goes with it in the clear. All
/// take a nonce of 12 bytes and put a tag of 16 behind the cipher text. A key or nonce of another
/// length is a bug of the caller and ends the program.
namespace aiot::crypto {

inline constexpr std::size_t aead_tag_bytes = 16;
inline constexpr std::size_t aead_nonce_bytes = 12;

/// AES-GCM (NIST SP 800-38D) with a key of 16 or 32 bytes.
Bytes aes_gcm_seal(ByteSpan key, ByteSpan nonce, ByteSpan associated, ByteSpan text);
/// Nothing when `sealed` is shorter than a tag, or the tag is wrong.
std::optional<Bytes> aes_gcm_open(ByteSpan key, ByteSpan nonce, ByteSpan associated,
                                  ByteSpan sealed);

/// ChaCha20-Poly1305 (RFC 8439) with a key of 32 bytes.
Bytes chacha20_poly1305_seal(ByteSpan key, ByteSpan nonce, ByteSpan associated, ByteSpan text);
std::optional<Bytes> chacha20_poly1305_open(ByteSpan key, ByteSpan nonce, ByteSpan associated,
                                            ByteSpan sealed);

}  // namespace aiot::crypto
