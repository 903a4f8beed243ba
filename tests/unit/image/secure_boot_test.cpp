#include "image/secure_boot.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace aiot;
using namespace aiot::image;

namespace {

/// An image of 100 bytes with a block behind it, laid out as "Signature Block Format" says. Digest
/// and CRC-32 are by Python's hashlib and zlib.
Bytes signed_file() {
  Bytes file(100, 0x11);
  file.resize(4096, 0xFF);
  Bytes block{0xE7, 2, 0, 0};
  append(block, *from_hex("64d33e997e58e0a66f5415fa57e9201b1296b62e7cedd32e191e95ca6b542e4b"));
  for (unsigned i = 0; block.size() < 1196; ++i) {
    block.push_back(static_cast<std::uint8_t>(i % 251));
  }
  append(block, *from_hex("6f3174f4"));
  block.resize(1216);
  append(file, block);
  file.resize(8192, 0xFF);
  return file;
}

}  // namespace

TEST_CASE("Secure Boot v2: a block, its digest, its key") {
  Bytes file = signed_file();
  const auto blocks = secure_boot_blocks(file, 100);
  REQUIRE(blocks.size() == 1);
  CHECK(blocks[0].digest_valid);
  CHECK_FALSE(blocks[0].is_ecdsa);
  CHECK(to_hex(blocks[0].key_digest) ==
        "884e065278d813f513ad54ce89c204bf076f2aa0f3099628c7926b942f6fd492");
  file[3000] ^= 1;  // of what fills the sector
  CHECK_FALSE(secure_boot_blocks(file, 100)[0].digest_valid);
  file[3000] ^= 1;
  file[4096 + 600] ^= 1;  // of the block: its CRC
  CHECK(secure_boot_blocks(file, 100).empty());
}

TEST_CASE("Secure Boot v2: no block, and files that end early") {
  const Bytes file = signed_file();
  CHECK(secure_boot_blocks(ByteSpan(file).first(4096 + 1215), 100).empty());
  CHECK(secure_boot_blocks(ByteSpan(file).first(100), 100).empty());
  CHECK(secure_boot_blocks(ByteSpan(file).first(99), 100).empty());
  CHECK(secure_boot_blocks(file, ~std::uint64_t{0}).empty());
  CHECK(secure_boot_blocks(file, 5000).empty());
}
