#pragma once

#include <optional>

#include "aiot/bytes.hpp"

/// AES with keys of 16 or 32 bytes, as device protocols use it: whole messages, PKCS #7 padding.
/// A key or IV of another length is a bug of the caller and ends the program.
namespace aiot::crypto {

/// CBC (NIST SP 800-38A, 6.2). `iv` has 16 bytes.
Bytes aes_cbc_encrypt(ByteSpan key, ByteSpan iv, ByteSpan text);
/// Nothing when `cipher` is no whole number of blocks or its padding is wrong: another key.
std::optional<Bytes> aes_cbc_decrypt(ByteSpan key, ByteSpan iv, ByteSpan cipher);

/// ECB (6.1). Equal blocks stay equal: only for protocols that leave no choice.
Bytes aes_ecb_encrypt(ByteSpan key, ByteSpan text);
std::optional<Bytes> aes_ecb_decrypt(ByteSpan key, ByteSpan cipher);

}  // namespace aiot::crypto
