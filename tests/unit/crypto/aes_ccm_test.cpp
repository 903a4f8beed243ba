#include <doctest/doctest.h>

#include <algorithm>

#include "crypto/aes.hpp"

using namespace aiot;
using namespace aiot::crypto;

namespace {

Aes128Key key_of(std::string_view hex) {
  Aes128Key key{};
  const Bytes bytes = *from_hex(hex);
  std::copy(bytes.begin(), bytes.end(), key.begin());
  return key;
}

/// Opens hex with hex; "" when the tag does not fit.
std::string open(std::string_view key, std::string_view nonce, std::string_view associated,
                 std::string_view ciphertext, std::string_view tag) {
  const auto plain = aes_ccm_open(key_of(key), *from_hex(nonce), *from_hex(associated),
                                  *from_hex(ciphertext), *from_hex(tag));
  return plain ? to_hex(*plain) : "refused";
}

}  // namespace

// NIST SP 800-38C, appendix C, examples 1 to 3.
TEST_CASE("the standard's examples") {
  const char* key = "404142434445464748494a4b4c4d4e4f";
  CHECK(open(key, "10111213141516", "0001020304050607", "7162015b", "4dac255d") == "20212223");
  CHECK(open(key, "1011121314151617", "000102030405060708090a0b0c0d0e0f",
             "d2a1f0e051ea5f62081a7792073d593d",
             "1fc64fbfaccd") == "202122232425262728292a2b2c2d2e2f");
  CHECK(open(key, "101112131415161718191a1b", "000102030405060708090a0b0c0d0e0f10111213",
             "e3b201a9f5b71a7a9b1ceaeccd97e70b6176aad9a4428aa5",
             "484392fbc1b09951") == "202122232425262728292a2b2c2d2e2f3031323334353637");
}

// RFC 3610, packet vector 1.
TEST_CASE("RFC 3610's first vector") {
  CHECK(open("C0C1C2C3C4C5C6C7C8C9CACBCCCDCECF", "00000003020100A0A1A2A3A4A5", "0001020304050607",
             "588C979A61C663D2F066D0C2C0F989806D5F6B61DAC384",
             "17E8D12CFDF926E0") == "08090a0b0c0d0e0f101112131415161718191a1b1c1d1e");
}

TEST_CASE("what was changed is refused") {
  const char* key = "404142434445464748494a4b4c4d4e4f";
  CHECK(open("404142434445464748494a4b4c4d4e50", "10111213141516", "0001020304050607", "7162015b",
             "4dac255d") == "refused");
  CHECK(open(key, "10111213141517", "0001020304050607", "7162015b", "4dac255d") == "refused");
  CHECK(open(key, "10111213141516", "0001020304050608", "7162015b", "4dac255d") == "refused");
  CHECK(open(key, "10111213141516", "", "7162015b", "4dac255d") == "refused");
  CHECK(open(key, "10111213141516", "0001020304050607", "7162015a", "4dac255d") == "refused");
  CHECK(open(key, "10111213141516", "0001020304050607", "7162015b", "4dac255c") == "refused");
  CHECK(open(key, "10111213141516", "0001020304050607", "", "4dac255d") == "refused");
}

TEST_CASE("without the tag the bytes are the same, and a wrong key is not seen") {
  const auto plain = [](std::string_view key) {
    return to_hex(aes_ccm_decrypt_unverified(key_of(key), *from_hex("10111213141516"),
                                             *from_hex("7162015b")));
  };
  CHECK(plain("404142434445464748494a4b4c4d4e4f") == "20212223");
  CHECK(plain("00000000000000000000000000000000") != "20212223");
  CHECK(aes_ccm_decrypt_unverified(Aes128Key{}, *from_hex("10111213141516"), {}).empty());
}
