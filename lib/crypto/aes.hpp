#pragma once

#include <array>
#include <optional>
#include <utility>

#include "aiot/bytes.hpp"

/// AES as device protocols use it: whole messages. A key, IV, nonce or tag of another length than
/// said is a bug of the caller and ends the program.
namespace aiot::crypto {

/// CBC (NIST SP 800-38A, 6.2) with PKCS #7 padding; keys of 16 or 32 bytes. `iv` has 16 bytes.
Bytes aes_cbc_encrypt(ByteSpan key, ByteSpan iv, ByteSpan text);
/// Nothing when `cipher` is no whole number of blocks or its padding is wrong: another key.
std::optional<Bytes> aes_cbc_decrypt(ByteSpan key, ByteSpan iv, ByteSpan cipher);

/// ECB (6.1), likewise. Equal blocks stay equal: only for protocols that leave no choice.
Bytes aes_ecb_encrypt(ByteSpan key, ByteSpan text);
std::optional<Bytes> aes_ecb_decrypt(ByteSpan key, ByteSpan cipher);

using Aes128Key = std::array<std::uint8_t, 16>;

/// Opens an AES-128-CCM message (NIST SP 800-38C, RFC 3610). `nonce` has 7 to 13 bytes, `tag` 4 to
/// 16, an even number; other lengths are a bug. nullopt when the tag does not fit: another key,
/// nonce or associated data, or a changed message.
std::optional<Bytes> aes_ccm_open(const Aes128Key& key, ByteSpan nonce, ByteSpan associated,
                                  ByteSpan ciphertext, ByteSpan tag);

/// The same message without its tag looked at: any key gives some bytes. Only for formats that
/// carry no tag that could be checked.
Bytes aes_ccm_decrypt_unverified(const Aes128Key& key, ByteSpan nonce, ByteSpan ciphertext);

/// AES-CMAC (RFC 4493) with a key of 16 bytes.
std::array<std::uint8_t, 16> aes_cmac(ByteSpan key, ByteSpan message);

/// CTR (6.5) as one key stream over many messages: each goes on where the last one ended. Encrypts
/// and decrypts alike. A key of 16 or 32 bytes, a first counter block of 16.
class AesCtr {
 public:
  AesCtr(ByteSpan key, ByteSpan counter);
  ~AesCtr();
  AesCtr(AesCtr&& other) noexcept : context_(std::exchange(other.context_, nullptr)) {}
  AesCtr& operator=(AesCtr&& other) noexcept {
    std::swap(context_, other.context_);
    return *this;
  }

  Bytes next(ByteSpan text);

 private:
  void* context_;
};

}  // namespace aiot::crypto
