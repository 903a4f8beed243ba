#pragma once

#include <vector>

#include "aiot/bytes.hpp"
#include "crypto/digest.hpp"

/// Signature blocks of Espressif's Secure Boot v2: ESP-IDF, "Secure Boot v2", "Signature Block
/// Format".
namespace aiot::image {

struct SecureBootBlock {
  bool is_ecdsa = false;        ///< RSA-3072 otherwise
  bool digest_valid = false;    ///< it is for this image
  crypto::Sha256 key_digest{};  ///< that eFuses hold, of an RSA key
};

/// The blocks behind the image of `image_bytes` at the start of `file`, at most 3: those whose CRC
/// is right. Their signatures are not verified.
std::vector<SecureBootBlock> secure_boot_blocks(ByteSpan file, std::uint64_t image_bytes);

}  // namespace aiot::image
