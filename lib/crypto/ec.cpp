#include "crypto/ec.hpp"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>

#include "crypto/evp.hpp"

namespace aiot::crypto {
namespace {

struct FreeEc {
  void operator()(BIGNUM* number) const { BN_clear_free(number); }
  void operator()(BN_CTX* context) const { BN_CTX_free(context); }
  void operator()(EC_GROUP* group) const { EC_GROUP_free(group); }
  void operator()(EC_POINT* point) const { EC_POINT_clear_free(point); }
  void operator()(X509_PUBKEY* key) const { X509_PUBKEY_free(key); }
};
template <class T>
using Ec = std::unique_ptr<T, FreeEc>;

template <class T>
Ec<T> own_ec(T* made) {
  require(made != nullptr);
  return Ec<T>(made);
}

struct CurveRow {
  EcCurve curve;
  int nid;
  std::size_t field_bytes;
};
constexpr std::array<CurveRow, 6> curve_rows = {{
    {EcCurve::p256, NID_X9_62_prime256v1, 32},
    {EcCurve::p384, NID_secp384r1, 48},
    {EcCurve::p521, NID_secp521r1, 66},
    {EcCurve::brainpool256, NID_brainpoolP256r1, 32},
    {EcCurve::brainpool384, NID_brainpoolP384r1, 48},
    {EcCurve::brainpool512, NID_brainpoolP512r1, 64},
}};

const CurveRow& row_of(EcCurve curve) { return curve_rows.at(static_cast<std::size_t>(curve)); }

/// A curve, and what calculations on it need.
struct Calculation {
  explicit Calculation(EcCurve curve)
      : field_bytes(row_of(curve).field_bytes),
        group(own_ec(EC_GROUP_new_by_curve_name(row_of(curve).nid))),
        context(own_ec(BN_CTX_secure_new())) {}

  const BIGNUM* order() const { return EC_GROUP_get0_order(group.get()); }

  /// Null when `bytes` is no secret.
  Ec<BIGNUM> secret(ByteSpan bytes) const {
    if (bytes.size() != field_bytes) return nullptr;
    auto number = own_ec(BN_secure_new());
    require(BN_bin2bn(bytes.data(), size_of(bytes), number.get()) != nullptr);
    BN_set_flags(number.get(), BN_FLG_CONSTTIME);
    const bool valid = !BN_is_zero(number.get()) && BN_cmp(number.get(), order()) < 0;
    return valid ? std::move(number) : nullptr;
  }
  /// Null when `encoded` (SEC 1, 2.3.3) is no point.
  Ec<EC_POINT> decode(ByteSpan encoded) const {
    auto point = own_ec(EC_POINT_new(group.get()));
    if (encoded.empty() ||
        EC_POINT_oct2point(group.get(), point.get(), encoded.data(), encoded.size(),
                           context.get()) != 1 ||
        EC_POINT_is_at_infinity(group.get(), point.get()) != 0) {
      return nullptr;
    }
    return point;
  }
  Ec<EC_POINT> point(ByteSpan x_and_y) const {
    if (x_and_y.size() != 2 * field_bytes) return nullptr;
    Bytes encoded{POINT_CONVERSION_UNCOMPRESSED};
    append(encoded, x_and_y);
    return decode(encoded);
  }
  Bytes encode(const EC_POINT* point, point_conversion_form_t form) const {
    Bytes out(1 + 2 * field_bytes);
    const std::size_t length =
        EC_POINT_point2oct(group.get(), point, form, out.data(), out.size(), context.get());
    require(length != 0);
    out.resize(length);
    return out;
  }
  Bytes x_and_y(const EC_POINT* point) const {
    Bytes encoded = encode(point, POINT_CONVERSION_UNCOMPRESSED);
    encoded.erase(encoded.begin());
    return encoded;
  }
  Bytes bytes(const BIGNUM* number) const {
    Bytes out(field_bytes);
    require(BN_bn2binpad(number, out.data(), static_cast<int>(out.size())) >= 0);
    return out;
  }

  std::size_t field_bytes;
  Ec<EC_GROUP> group;
  Ec<BN_CTX> context;
};

}  // namespace

std::size_t ec_field_bytes(EcCurve curve) { return row_of(curve).field_bytes; }

Bytes ec_random_secret(EcCurve curve) {
  const Calculation on(curve);
  const auto number = own_ec(BN_secure_new());
  do {
    require(BN_priv_rand_range_ex(number.get(), on.order(), 0, on.context.get()) == 1);
  } while (BN_is_zero(number.get()) != 0);
  return on.bytes(number.get());
}

bool ec_is_secret(EcCurve curve, ByteSpan secret) {
  return Calculation(curve).secret(secret) != nullptr;
}

Bytes ec_public(EcCurve curve, ByteSpan secret) {
  const Calculation on(curve);
  const auto number = on.secret(secret);
  require(number != nullptr);
  const auto point = own_ec(EC_POINT_new(on.group.get()));
  require(EC_POINT_mul(on.group.get(), point.get(), number.get(), nullptr, nullptr,
                       on.context.get()) == 1);
  return on.x_and_y(point.get());
}

std::optional<Bytes> ec_shared_x(EcCurve curve, ByteSpan secret, ByteSpan peer) {
  const Calculation on(curve);
  const auto number = on.secret(secret);
  require(number != nullptr);
  const auto point = on.point(peer);
  if (point == nullptr) return std::nullopt;
  // These curves have a prime order: the product of a point and a secret is never infinite.
  const auto shared = own_ec(EC_POINT_new(on.group.get()));
  require(EC_POINT_mul(on.group.get(), shared.get(), nullptr, point.get(), number.get(),
                       on.context.get()) == 1);
  Bytes both = on.x_and_y(shared.get());
  both.resize(on.field_bytes);
  return both;
}

std::optional<Bytes> ec_add_secrets(EcCurve curve, ByteSpan a, ByteSpan b) {
  const Calculation on(curve);
  const auto first = on.secret(a);
  const auto second = on.secret(b);
  require(first != nullptr && second != nullptr);
  const auto sum = own_ec(BN_secure_new());
  require(BN_mod_add(sum.get(), first.get(), second.get(), on.order(), on.context.get()) == 1);
  if (BN_is_zero(sum.get()) != 0) return std::nullopt;
  return on.bytes(sum.get());
}

std::optional<Bytes> ec_add_points(EcCurve curve, ByteSpan a, ByteSpan b) {
  const Calculation on(curve);
  const auto first = on.point(a);
  const auto second = on.point(b);
  if (first == nullptr || second == nullptr) return std::nullopt;
  const auto sum = own_ec(EC_POINT_new(on.group.get()));
  require(EC_POINT_add(on.group.get(), sum.get(), first.get(), second.get(), on.context.get()) ==
          1);
  if (EC_POINT_is_at_infinity(on.group.get(), sum.get()) != 0) return std::nullopt;
  return on.x_and_y(sum.get());
}

Bytes ec_write_spki(const EcPublicKey& key) {
  const Calculation on(key.curve);
  const auto point = on.point(key.point);
  require(point != nullptr);
  const Bytes encoded = on.encode(point.get(), POINT_CONVERSION_COMPRESSED);
  auto* bits = static_cast<unsigned char*>(OPENSSL_memdup(encoded.data(), encoded.size()));
  const auto info = own_ec(X509_PUBKEY_new());
  // Takes over `bits` and the name of the curve.
  require(bits != nullptr &&
          X509_PUBKEY_set0_param(info.get(), OBJ_nid2obj(NID_X9_62_id_ecPublicKey), V_ASN1_OBJECT,
                                 OBJ_nid2obj(row_of(key.curve).nid), bits,
                                 static_cast<int>(encoded.size())) == 1);
  unsigned char* der = nullptr;
  const int length = i2d_X509_PUBKEY(info.get(), &der);
  require(length > 0);
  Bytes out(der, der + length);
  OPENSSL_free(der);
  return out;
}

std::optional<EcPublicKey> ec_read_spki(ByteSpan der) {
  const unsigned char* at = der.data();
  const Ec<X509_PUBKEY> info(d2i_X509_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
  if (info == nullptr || at != der.data() + der.size()) return std::nullopt;
  ASN1_OBJECT* kind = nullptr;
  const unsigned char* bits = nullptr;
  int length = 0;
  X509_ALGOR* algorithm = nullptr;
  if (X509_PUBKEY_get0_param(&kind, &bits, &length, &algorithm, info.get()) != 1 ||
      OBJ_obj2nid(kind) != NID_X9_62_id_ecPublicKey) {
    return std::nullopt;
  }
  int type = 0;
  const void* name = nullptr;
  X509_ALGOR_get0(nullptr, &type, &name, algorithm);
  if (type != V_ASN1_OBJECT) return std::nullopt;
  const int nid = OBJ_obj2nid(static_cast<const ASN1_OBJECT*>(name));
  const auto* row = std::ranges::find(curve_rows, nid, &CurveRow::nid);
  if (row == curve_rows.end()) return std::nullopt;
  const Calculation on(row->curve);
  const auto point = on.decode(ByteSpan(bits, static_cast<std::size_t>(length)));
  if (point == nullptr) return std::nullopt;
  return EcPublicKey{row->curve, on.x_and_y(point.get())};
}

}  // namespace aiot::crypto
