#pragma once

#include <optional>
#include <span>

#include "aiot/bytes.hpp"

/// Key agreement on curves over prime fields (SEC 1), with what protocols need besides it: sums of
/// keys, and keys in DER. A point is X | Y, each as long as the field; a secret is a big-endian
/// number of that length. What came from a peer may be anything; a secret that is no number from 1
/// to the curve's order is a bug of the caller and ends the program.
namespace aiot::crypto {

/// NIST's P-256, P-384 and P-521; Brainpool's P256r1, P384r1 and P512r1 (RFC 5639).
enum class EcCurve { p256, p384, p521, brainpool256, brainpool384, brainpool512 };

/// 32, 48, 66, 32, 48 or 64.
std::size_t ec_field_bytes(EcCurve curve);

/// A new secret from the machine's generator.
Bytes ec_random_secret(EcCurve curve);
/// Whether `secret` is one for this curve.
bool ec_is_secret(EcCurve curve, ByteSpan secret);
/// The point that belongs to a secret.
Bytes ec_public(EcCurve curve, ByteSpan secret);
/// The X that both ends share. Nothing when `peer` is no point of the curve.
std::optional<Bytes> ec_shared_x(EcCurve curve, ByteSpan secret, ByteSpan peer);

/// The sum of two secrets belongs to the sum of their points. Nothing when the sum is zero, or when
/// `a` or `b` is no point.
std::optional<Bytes> ec_add_secrets(EcCurve curve, ByteSpan a, ByteSpan b);
std::optional<Bytes> ec_add_points(EcCurve curve, ByteSpan a, ByteSpan b);

/// A point and its curve.
struct EcPublicKey {
  EcCurve curve = EcCurve::p256;
  Bytes point;

  friend bool operator==(const EcPublicKey&, const EcPublicKey&) = default;
};
/// SubjectPublicKeyInfo (RFC 5480) in DER with a compressed point. `point` is one of the curve.
Bytes ec_write_spki(const EcPublicKey& key);
/// The point may be compressed or not. Nothing for anything else, or another curve.
std::optional<EcPublicKey> ec_read_spki(ByteSpan der);

}  // namespace aiot::crypto
