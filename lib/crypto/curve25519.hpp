#pragma once

#include <array>
#include <optional>

#include "aiot/bytes.hpp"

/// Key agreement and signatures on the curve of 25519. Secret keys are 32 random bytes; another
/// length is a bug of the caller and ends the program. What came from a peer may have any length.
namespace aiot::crypto {

using Key25519 = std::array<std::uint8_t, 32>;
using Signature25519 = std::array<std::uint8_t, 64>;

/// X25519 (RFC 7748). The public key that belongs to a secret one.
Key25519 x25519_public(ByteSpan secret);
/// What both ends share. Nothing when `peer` is no public key, or one that makes every secret
/// share zero (6.1).
std::optional<Key25519> x25519(ByteSpan secret, ByteSpan peer);

/// Ed25519 (RFC 8032, 5.1).
Key25519 ed25519_public(ByteSpan secret);
Signature25519 ed25519_sign(ByteSpan secret, ByteSpan message);
bool ed25519_verify(ByteSpan public_key, ByteSpan message, ByteSpan signature);

}  // namespace aiot::crypto
