#include "crypto/ec.hpp"

#include <doctest/doctest.h>

using namespace aiot;
using namespace aiot::crypto;

namespace {

const EcCurve curves[] = {EcCurve::p256,         EcCurve::p384,         EcCurve::p521,
                          EcCurve::brainpool256, EcCurve::brainpool384, EcCurve::brainpool512};

Bytes hex(std::string_view text) { return *from_hex(text); }

}  // namespace

TEST_CASE("key agreement on a curve") {
  // RFC 5903, 8.1.
  const Bytes p256_i = hex("c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433");
  const Bytes p256_r =
      hex("d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63"
          "56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab");
  CHECK(to_hex(ec_public(EcCurve::p256, p256_i)) ==
        "dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180"
        "5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3");
  const auto p256_shared = ec_shared_x(EcCurve::p256, p256_i, p256_r);
  REQUIRE(p256_shared);
  CHECK(to_hex(*p256_shared) == "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de");

  // RFC 7027, A.1.
  const auto brainpool_shared =
      ec_shared_x(EcCurve::brainpool256,
                  hex("81db1ee100150ff2ea338d708271be38300cb54241d79950f77b063039804f1d"),
                  hex("8d2d688c6cf93e1160ad04cc4429117dc2c41825e1e9fca0addd34e6f1b39f7b"
                      "990c57520812be512641e47034832106bc7d3e8dd0e4c7f1136d7006547cec6a"));
  REQUIRE(brainpool_shared);
  CHECK(to_hex(*brainpool_shared) ==
        "89afc39d41d3b327814b80940b042590f96556ec91e6ae7939bce31f3a18bf2b");

  // python3-cryptography 38.0.4: the shared X of a key with itself, here with zeros in front.
  const Bytes p521 =
      hex("000000000000000000000000000000000000000000000000000000000000000000005"
          "4ce181a98525f217216f59b245f60e9df30ac7f6b26c939418cfc3c42d1afa0");
  const auto p521_shared = ec_shared_x(EcCurve::p521, p521, ec_public(EcCurve::p521, p521));
  REQUIRE(p521_shared);
  CHECK(to_hex(*p521_shared) ==
        "00003fbcdf789d27951494e4217e5227b0723895f246d7727b48a809d8e5cd192df0397235b303f36eb53e2f1a"
        "d4934f8e0df780ae6379638ce4ebc080c230b8fe42");

  for (const EcCurve curve : curves) {
    const Bytes one = ec_random_secret(curve);
    const Bytes other = ec_random_secret(curve);
    CHECK(one != other);
    CHECK(one.size() == ec_field_bytes(curve));
    CHECK(ec_is_secret(curve, one));
    const auto shared = ec_shared_x(curve, one, ec_public(curve, other));
    REQUIRE(shared);
    CHECK(*shared == ec_shared_x(curve, other, ec_public(curve, one)));
    CHECK(shared->size() == ec_field_bytes(curve));
  }
}

TEST_CASE("what is no key") {
  for (const EcCurve curve : curves) {
    const std::size_t size = ec_field_bytes(curve);
    const Bytes secret = ec_random_secret(curve);
    Bytes point = ec_public(curve, secret);
    point.back() ^= 1U;
    CHECK(!ec_shared_x(curve, secret, point));                  // not on the curve
    CHECK(!ec_shared_x(curve, secret, Bytes(2 * size, 0)));     // nor is this
    CHECK(!ec_shared_x(curve, secret, Bytes(2 * size, 0xff)));  // beyond the field
    CHECK(!ec_shared_x(curve, secret, ByteSpan(point).first(size)));
    CHECK(!ec_shared_x(curve, secret, {}));
    CHECK(!ec_is_secret(curve, Bytes(size, 0)));
    CHECK(!ec_is_secret(curve, Bytes(size, 0xff)));
    CHECK(!ec_is_secret(curve, ByteSpan(secret).first(size - 1)));
  }
}

TEST_CASE("sums of keys") {
  for (const EcCurve curve : curves) {
    const Bytes a = ec_random_secret(curve);
    const Bytes b = ec_random_secret(curve);
    const auto sum = ec_add_secrets(curve, a, b);
    REQUIRE(sum);
    CHECK(ec_public(curve, *sum) == ec_add_points(curve, ec_public(curve, a), ec_public(curve, b)));
  }
  // The order of P-256 less one (FIPS 186-4, D.1.2.3), and one: nothing is left.
  const Bytes last = hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550");
  Bytes first(32, 0);
  first.back() = 1;
  CHECK(!ec_add_secrets(EcCurve::p256, last, first));
  CHECK(!ec_add_points(EcCurve::p256, ec_public(EcCurve::p256, last),
                       ec_public(EcCurve::p256, first)));
  CHECK(!ec_add_points(EcCurve::p256, ec_public(EcCurve::p256, first), {}));
}

TEST_CASE("public keys in DER") {
  // openssl ec -pubout -conv_form compressed -outform DER; python3-cryptography for the other form.
  const Bytes secret = hex("54ce181a98525f217216f59b245f60e9df30ac7f6b26c939418cfc3c42d1afa0");
  const std::string x = "09c585a91b4df9fd25a045201885c39cc5cfae397ddaeda957dec57fa0e3503f";
  const std::string y = "52bf05968198a2f92883e96a386d767579883302dbf292105c90a43694c2fd5c";
  const std::string compressed = "3039301306072a8648ce3d020106082a8648ce3d03010703220002" + x;
  const EcPublicKey key{EcCurve::p256, ec_public(EcCurve::p256, secret)};
  CHECK(to_hex(key.point) == x + y);
  CHECK(to_hex(ec_write_spki(key)) == compressed);
  CHECK(ec_read_spki(hex(compressed)) == key);
  CHECK(ec_read_spki(hex("3059301306072a8648ce3d020106082a8648ce3d03010703420004" + x + y)) == key);

  for (const EcCurve curve : curves) {
    const EcPublicKey other{curve, ec_public(curve, ec_random_secret(curve))};
    const Bytes der = ec_write_spki(other);
    CHECK(ec_read_spki(der) == other);
    for (std::size_t length = 0; length < der.size(); ++length)
      CHECK(!ec_read_spki(ByteSpan(der).first(length)));
    Bytes longer = der;
    longer.push_back(0);
    CHECK(!ec_read_spki(longer));
  }
  CHECK(!ec_read_spki(hex("3039301306072a8648ce3d020106082a8648ce3d03010703220002" +
                          std::string(64, 'f'))));  // no such X
  // X25519 (RFC 8410, 4), and the point at infinity.
  CHECK(!ec_read_spki(hex("302a300506032b656e032100" + x)));
  CHECK(
      !ec_read_spki(hex("3019301306072a8648ce3d020106082a8648ce3d030107030200"
                        "00")));
}
