#include "crypto/aead.hpp"

#include <doctest/doctest.h>

using namespace aiot;
using namespace aiot::crypto;

// "The Galois/Counter Mode of Operation" (McGrew, Viega), appendix B, test case 4.
TEST_CASE("AES-128-GCM") {
  const Bytes gcm_key = *from_hex("feffe9928665731c6d6a8f9467308308");
  const Bytes nonce = *from_hex("cafebabefacedbaddecaf888");
  const Bytes associated = *from_hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
  const Bytes plain = *from_hex(
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
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

// RFC 8439, 2.8.2.
TEST_CASE("ChaCha20-Poly1305") {
  const Bytes key = *from_hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
  const Bytes nonce = *from_hex("070000004041424344454647");
  const Bytes associated = *from_hex("50515253c0c1c2c3c4c5c6c7");
  const std::string_view plain =
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
      "sunscreen would be it.";
  const Bytes sealed = chacha20_poly1305_seal(key, nonce, associated, as_bytes(plain));
  CHECK(to_hex(sealed) ==
        "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6"
        "3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36"
        "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
        "3ff4def08e4b7a9de576d26586cec64b6116"
        "1ae10b594f09e26a7e902ecbd0600691");
  const auto opened = chacha20_poly1305_open(key, nonce, associated, sealed);
  REQUIRE(opened);
  CHECK(to_string(*opened) == plain);
  Bytes flipped = sealed;
  flipped[3] ^= 1;
  CHECK(!chacha20_poly1305_open(key, nonce, associated, flipped));
  CHECK(!chacha20_poly1305_open(key, nonce, {}, sealed));
  CHECK(!chacha20_poly1305_open(key, nonce, associated, ByteSpan(sealed).first(15)));
  const Bytes empty = chacha20_poly1305_seal(key, nonce, {}, {});
  CHECK(empty.size() == 16);
  CHECK(chacha20_poly1305_open(key, nonce, {}, empty) == Bytes());
}
