#include "crypto/curve25519.hpp"

#include <doctest/doctest.h>

using namespace aiot;
using namespace aiot::crypto;

// RFC 7748, 6.1: Bob's secret key and Alice's public one.
TEST_CASE("X25519") {
  const Bytes secret =
      *from_hex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
  const Bytes peer = *from_hex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
  CHECK(to_hex(x25519_public(secret)) ==
        "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
  const auto shared = x25519(secret, peer);
  REQUIRE(shared);
  CHECK(to_hex(*shared) == "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");

  CHECK(!x25519(secret, Bytes(32, 0)));  // shares zero with everybody
  CHECK(!x25519(secret, ByteSpan(peer).first(31)));
  CHECK(!x25519(secret, {}));
}

// RFC 8032, 7.1, tests 1 and 2.
TEST_CASE("Ed25519") {
  const Bytes secret =
      *from_hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
  CHECK(to_hex(ed25519_public(secret)) ==
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  CHECK(to_hex(ed25519_sign(secret, {})) ==
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b");
  CHECK(ed25519_verify(ed25519_public(secret), {}, ed25519_sign(secret, {})));

  const Bytes other = *from_hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
  const Bytes message{0x72};
  const Signature25519 signature = ed25519_sign(other, message);
  CHECK(to_hex(signature) ==
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
  CHECK(ed25519_verify(ed25519_public(other), message, signature));
  CHECK(!ed25519_verify(ed25519_public(secret), message, signature));
  CHECK(!ed25519_verify(ed25519_public(other), {}, signature));
  CHECK(!ed25519_verify(ed25519_public(other), message, ByteSpan(signature).first(63)));
  CHECK(!ed25519_verify({}, message, signature));
}
