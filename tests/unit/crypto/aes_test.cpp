#include "crypto/aes.hpp"

#include <doctest/doctest.h>

using namespace aiot;
using namespace aiot::crypto;

namespace {

Bytes hex(std::string_view text) { return *from_hex(text); }
const Bytes key = hex("2b7e151628aed2a6abf7158809cf4f3c");
const Bytes iv = hex("000102030405060708090a0b0c0d0e0f");
const Bytes text = hex("6bc1bee22e409f96e93d7e117393172a");

}  // namespace

// NIST SP 800-38A, F.1.1 and F.2.1: the first block; behind it comes one of padding.
TEST_CASE("AES-128 in ECB and CBC") {
  const Bytes ecb = aes_ecb_encrypt(key, text);
  CHECK(ecb.size() == 32);
  CHECK(to_hex(ecb).substr(0, 32) == "3ad77bb40d7a3660a89ecaf32466ef97");
  CHECK(aes_ecb_decrypt(key, ecb) == text);
  const Bytes cbc = aes_cbc_encrypt(key, iv, text);
  CHECK(cbc.size() == 32);
  CHECK(to_hex(cbc).substr(0, 32) == "7649abac8119b246cee98e9b12e9197d");
  CHECK(aes_cbc_decrypt(key, iv, cbc) == text);
}

// F.1.5 and F.2.5.
TEST_CASE("AES-256 in ECB and CBC") {
  const Bytes long_key = hex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4");
  CHECK(to_hex(aes_ecb_encrypt(long_key, text)).substr(0, 32) ==
        "f3eed1bdb5d2a03c064b5a7e3db181f8");
  CHECK(to_hex(aes_cbc_encrypt(long_key, iv, text)).substr(0, 32) ==
        "f58c4c04d6e5f1ba779eabfb5f7bfbd6");
}

TEST_CASE("what was not encrypted with this key, or not whole, gives nothing") {
  const Bytes cbc = aes_cbc_encrypt(key, iv, text);
  CHECK(!aes_cbc_decrypt(iv, iv, cbc));
  CHECK(!aes_cbc_decrypt(key, iv, ByteSpan(cbc).first(31)));
  CHECK(!aes_cbc_decrypt(key, iv, {}));
  CHECK(!aes_ecb_decrypt(key, {}));
  CHECK(!aes_ecb_decrypt(iv, aes_ecb_encrypt(key, text)));
  CHECK(aes_cbc_decrypt(key, iv, aes_cbc_encrypt(key, iv, {})) == Bytes());
}

// NIST SP 800-38A, F.5.1 and F.5.5: one stream, whatever the pieces.
TEST_CASE("AES in CTR") {
  const Bytes counter = hex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
  const Bytes two_blocks =
      hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51");
  const std::string_view sealed = "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff";
  for (std::size_t piece = 1; piece <= two_blocks.size(); ++piece) {
    AesCtr stream(key, counter);
    Bytes out;
    for (std::size_t at = 0; at < two_blocks.size(); at += piece) {
      append(out, stream.next(ByteSpan(two_blocks).subspan(at, std::min(piece, two_blocks.size() - at))));
    }
    CHECK(to_hex(out) == sealed);
  }
  AesCtr stream(key, counter);
  CHECK(stream.next({}).empty());
  CHECK(stream.next(hex(sealed)) == two_blocks);
  AesCtr of_256(hex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"), counter);
  CHECK(to_hex(of_256.next(text)) == "601ec313775789a5b7a7f504bbf3d228");
}
