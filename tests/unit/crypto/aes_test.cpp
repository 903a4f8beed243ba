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

// "The Galois/Counter Mode of Operation" (McGrew, Viega), appendix B, test case 4.
TEST_CASE("AES-128-GCM") {
  const Bytes gcm_key = hex("feffe9928665731c6d6a8f9467308308");
  const Bytes nonce = hex("cafebabefacedbaddecaf888");
  const Bytes associated = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
  const Bytes plain =
      hex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
          "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
  const Bytes sealed = aes_gcm_seal(gcm_key, nonce, associated, plain);
  CHECK(to_hex(sealed) ==
        "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
        "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091"
        "5bc94fbc3221a5db94fae95ae7121a47");
  CHECK(aes_gcm_open(gcm_key, nonce, associated, sealed) == plain);
  Bytes flipped = sealed;
  flipped[3] ^= 1;
  CHECK(!aes_gcm_open(gcm_key, nonce, associated, flipped));
  CHECK(!aes_gcm_open(gcm_key, nonce, {}, sealed));
  CHECK(!aes_gcm_open(gcm_key, nonce, associated, ByteSpan(sealed).first(15)));
  // Test case 1: nothing at all.
  const Bytes zero(16, 0);
  CHECK(to_hex(aes_gcm_seal(zero, Bytes(12, 0), {}, {})) == "58e2fccefa7e3061367f1d57a4e7455a");
}
