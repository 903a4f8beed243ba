#include "crypto/hkdf.hpp"

#include <doctest/doctest.h>

using namespace aiot;
using namespace aiot::crypto;

namespace {

/// `count` bytes that count up from `first`.
Bytes counting(std::uint8_t first, std::size_t count) {
  Bytes out;
  while (out.size() < count) out.push_back(static_cast<std::uint8_t>(first + out.size()));
  return out;
}

}  // namespace

// FIPS 180-4's example "abc".
TEST_CASE("hashes of three lengths") {
  const ByteSpan abc = as_bytes("abc");
  CHECK(to_hex(digest(Hash::sha256, abc)) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(to_hex(digest(Hash::sha384, abc)) ==
        "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
        "8086072ba1e7cc2358baeca134c825a7");
  CHECK(to_hex(digest(Hash::sha512, abc)) ==
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
        "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

// RFC 4231, test case 2.
TEST_CASE("HMAC") {
  const ByteSpan key = as_bytes("Jefe");
  const ByteSpan data = as_bytes("what do ya want for nothing?");
  CHECK(to_hex(hmac(Hash::sha256, key, data)) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(to_hex(hmac(Hash::sha384, key, data)) ==
        "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
        "8e2240ca5e69e2c78b3239ecfab21649");
  CHECK(to_hex(hmac(Hash::sha512, key, data)) ==
        "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
        "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737");
}

// RFC 5869, A.1 to A.3.
TEST_CASE("HKDF with SHA-256") {
  const Bytes secret(22, 0x0b);
  const Bytes salt = counting(0x00, 13);
  const Bytes info = counting(0xf0, 10);
  const Bytes key = hkdf_extract(Hash::sha256, salt, secret);
  CHECK(to_hex(key) == "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
  CHECK(to_hex(hkdf_expand(Hash::sha256, key, info, 42)) ==
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
  CHECK(to_hex(hkdf(Hash::sha256, counting(0, 80), counting(0x60, 80), counting(0xb0, 80), 82)) ==
        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c6"
        "5e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87");
  CHECK(to_hex(hkdf(Hash::sha256, secret, {}, {}, 42)) ==
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
  CHECK(hkdf(Hash::sha256, secret, {}, {}, 0).empty());
  CHECK(hkdf(Hash::sha256, secret, {}, {}, 255 * 32).size() == 255 * 32);
}

// The input of RFC 5869, A.1; the numbers are those of Python's hmac module.
TEST_CASE("HKDF with SHA-384 and SHA-512") {
  const Bytes secret(22, 0x0b);
  const Bytes salt = counting(0x00, 13);
  const Bytes info = counting(0xf0, 10);
  CHECK(to_hex(hkdf(Hash::sha384, secret, salt, info, 42)) ==
        "9b5097a86038b805309076a44b3a9f38063e25b516dcbf369f394cfab43685f748b6457763e4f0204fc5");
  CHECK(to_hex(hkdf(Hash::sha512, secret, salt, info, 42)) ==
        "832390086cda71fb47625bb5ceb168e4c8e26a1a16ed34d9fc7fe92c1481579338da362cb8d9f925d7cb");
}
