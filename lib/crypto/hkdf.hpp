#pragma once

#include "aiot/bytes.hpp"

/// Hashes of any of three lengths, and what is built on them.
namespace aiot::crypto {

enum class Hash { sha256, sha384, sha512 };

/// 32, 48 or 64.
std::size_t hash_bytes(Hash hash);
Bytes digest(Hash hash, ByteSpan data);

/// RFC 2104.
Bytes hmac(Hash hash, ByteSpan key, ByteSpan data);

/// RFC 8018, with HMAC of this hash.
Bytes pbkdf2(Hash hash, ByteSpan password, ByteSpan salt, unsigned rounds, std::size_t length);

/// RFC 5869, its two steps and both in one. An empty `salt` is a string of zeros as long as the
/// hash. `length` of at most 255 hashes; a longer one is a bug of the caller and ends the program.
Bytes hkdf_extract(Hash hash, ByteSpan salt, ByteSpan secret);
Bytes hkdf_expand(Hash hash, ByteSpan key, ByteSpan info, std::size_t length);
Bytes hkdf(Hash hash, ByteSpan secret, ByteSpan salt, ByteSpan info, std::size_t length);

}  // namespace aiot::crypto
