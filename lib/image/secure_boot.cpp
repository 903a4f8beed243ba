#include "image/secure_boot.hpp"

#include <libdeflate.h>

#include <algorithm>

namespace aiot::image {
namespace {

constexpr std::size_t sector_bytes = 4096;
constexpr std::size_t block_bytes_v2 = 1216;
constexpr std::size_t crc_offset = 1196;
constexpr std::size_t key_offset = 36;  ///< n, e, R, M' of an RSA key
constexpr std::size_t key_bytes = 776;
constexpr std::uint8_t block_magic = 0xE7;
constexpr std::size_t most_blocks = 3;

}  // namespace

std::vector<SecureBootBlock> secure_boot_blocks(ByteSpan file, std::uint64_t image_bytes) {
  std::vector<SecureBootBlock> out;
  if (image_bytes > file.size()) return out;
  const std::uint64_t signed_bytes = (image_bytes + sector_bytes - 1) / sector_bytes * sector_bytes;
  for (std::size_t i = 0; i < most_blocks; ++i) {
    const std::uint64_t at = signed_bytes + i * block_bytes_v2;
    if (at + block_bytes_v2 > file.size()) break;
    const ByteSpan block = file.subspan(static_cast<std::size_t>(at), block_bytes_v2);
    if (block[0] != block_magic || (block[1] != 2 && block[1] != 3)) break;
    if (libdeflate_crc32(0, block.data(), crc_offset) != load_le32(&block[crc_offset])) break;
    SecureBootBlock found;
    found.is_ecdsa = block[1] == 3;
    found.key_digest = crypto::sha256(block.subspan(key_offset, key_bytes));
    const crypto::Sha256 digest =
        crypto::sha256(file.first(static_cast<std::size_t>(signed_bytes)));
    found.digest_valid = std::ranges::equal(digest, block.subspan(4, digest.size()));
    out.push_back(found);
  }
  return out;
}

}  // namespace aiot::image
