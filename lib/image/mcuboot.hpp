#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "aiot/bytes.hpp"
#include "aiot/result.hpp"
#include "crypto/signing_key.hpp"
#include "image/errors.hpp"

/// Images of MCUboot: its bootutil/image.h and "Image format" in its documentation.
namespace aiot::image {

inline constexpr std::uint32_t mcuboot_magic = 0x96F3B83D;
/// Of the two areas of TLVs.
inline constexpr std::uint16_t mcuboot_tlv_magic = 0x6907;
inline constexpr std::uint16_t mcuboot_protected_magic = 0x6908;
inline constexpr std::size_t mcuboot_header_bytes = 32;
/// In front of a TLV, and of an area of them.
inline constexpr std::size_t mcuboot_tlv_head_bytes = 4;

/// A tag-length-value entry behind the payload.
struct McubootTlv {
  std::uint16_t type = 0;
  Bytes value;
  bool is_protected = false;  ///< covered by the hash
};

/// Of TLVs.
enum class McubootTlvType : std::uint16_t {
  key_hash = 0x01,
  sha256 = 0x10,
  sha384 = 0x11,
  sha512 = 0x12,
  rsa2048 = 0x20,
  ecdsa = 0x22,
  rsa3072 = 0x23,
  ed25519 = 0x24,
  pure = 0x25,
  dependency = 0x40,
  security_counter = 0x50,
};

struct McubootImage {
  std::uint32_t load_address = 0;
  std::uint16_t header_bytes = 0;
  std::uint32_t payload_bytes = 0;
  std::uint32_t flags = 0;
  std::string version;             ///< "1.2.3+4", as imgtool writes it
  std::vector<McubootTlv> tlvs;    ///< in their order
  std::uint64_t total_bytes = 0;   ///< up to the end of the last TLV area
  std::uint64_t hashed_bytes = 0;  ///< header, payload and protected TLVs
  Bytes hash;                      ///< the stored SHA-256, 384 or 512; empty when there is none
  bool hash_valid = false;
  std::optional<std::uint32_t> security_counter;

  const McubootTlv* find(McubootTlvType type) const;
};

/// True when `file` begins as an image of MCUboot.
bool is_mcuboot(ByteSpan file);
/// Errc::not_an_image, truncated, bad_header. A wrong hash is no error: see hash_valid.
Result<McubootImage> parse_mcuboot(ByteSpan file);

/// Whether a signature of `image`, which parse_mcuboot() read from `file`, is by `key`.
bool is_signed_by(ByteSpan file, const McubootImage& image, const crypto::PublicKey& key);

}  // namespace aiot::image
