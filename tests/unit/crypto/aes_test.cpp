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
