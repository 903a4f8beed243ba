#include "crypto/srp.hpp"

#include <openssl/bn.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <functional>

#include "crypto/evp.hpp"
#include "crypto/hkdf.hpp"

namespace aiot::crypto {
namespace {

struct FreeBignum {
  void operator()(BIGNUM* number) const { BN_clear_free(number); }
  void operator()(BN_CTX* context) const { BN_CTX_free(context); }
};
using Number = std::unique_ptr<BIGNUM, FreeBignum>;
using NumberContext = std::unique_ptr<BN_CTX, FreeBignum>;

Number number(BIGNUM* made) {
  require(made != nullptr);
  return Number(made);
}
Number number_of(ByteSpan bytes) {
  return number(BN_bin2bn(bytes.data(), size_of(bytes), nullptr));
}
/// An exponent that OpenSSL raises to without telling it by its timing.
Number secret_number(ByteSpan bytes) {
  Number out = number_of(bytes);
  BN_set_flags(out.get(), BN_FLG_CONSTTIME);
  return out;
}

/// Arithmetic modulo the prime of the group.
class Group {
 public:
  Group() : prime_(number(BN_get_rfc3526_prime_3072(nullptr))), context_(BN_CTX_new()) {
    require(context_ != nullptr);
  }
  const BIGNUM* prime() const { return prime_.get(); }

  Number power(const Number& base, const Number& exponent) {
    Number out = number(BN_new());
    require(BN_mod_exp(out.get(), base.get(), exponent.get(), prime_.get(), context_.get()) == 1);
    return out;
  }
  Number times(const Number& a, const Number& b) {
    Number out = number(BN_new());
    require(BN_mod_mul(out.get(), a.get(), b.get(), prime_.get(), context_.get()) == 1);
    return out;
  }
  Number plus(const Number& a, const Number& b) {
    Number out = number(BN_new());
    require(BN_mod_add(out.get(), a.get(), b.get(), prime_.get(), context_.get()) == 1);
    return out;
  }
  Number minus(const Number& a, const Number& b) {
    Number out = number(BN_new());
    require(BN_mod_sub(out.get(), a.get(), b.get(), prime_.get(), context_.get()) == 1);
    return out;
  }
  /// a + b c of whole numbers.
  Number linear(const Number& a, const Number& b, const Number& c) {
    Number out = number(BN_new());
    require(BN_mul(out.get(), b.get(), c.get(), context_.get()) == 1);
    require(BN_add(out.get(), out.get(), a.get()) == 1);
    BN_set_flags(out.get(), BN_FLG_CONSTTIME);
    return out;
  }

 private:
  Number prime_;
  NumberContext context_;
};

Bytes padded(const BIGNUM* value) {
  Bytes out(srp_bytes);
  require(BN_bn2binpad(value, out.data(), static_cast<int>(out.size())) >= 0);
  return out;
}

Bytes without_leading_zeros(ByteSpan bytes) {
  const auto first = std::ranges::find_if(bytes, [](std::uint8_t b) { return b != 0; });
  return Bytes(first, bytes.end());
}

Bytes padded(ByteSpan bytes) {
  Bytes out(srp_bytes - std::min(srp_bytes, bytes.size()), 0);
  append(out, bytes);
  return out;
}

template <class... Parts>
Bytes hash_of(const Parts&... parts) {
  Bytes all;
  (append(all, parts), ...);
  return digest(Hash::sha512, all);
}

const Bytes generator = {5};

/// k = H(N | PAD(g)).
Number multiplier(const Group& group) {
  return number_of(hash_of(padded(group.prime()), padded(generator)));
}

/// x = H(s | H(I ":" P)).
Number password_number(std::string_view username, std::string_view password, ByteSpan salt,
                       SrpVerifierForm form) {
  const Bytes inner = hash_of(as_bytes(username), as_bytes(":"), as_bytes(password));
  return secret_number(form == SrpVerifierForm::bytes
                           ? hash_of(salt, inner)
                           : hash_of(without_leading_zeros(salt), without_leading_zeros(inner)));
}

/// Whether `key` may be the other end's: a number of the group that is not zero.
bool is_public_key(const Group& group, ByteSpan key) {
  if (key.empty() || key.size() > srp_bytes) return false;
  const Number value = number_of(key);
  return !BN_is_zero(value.get()) && BN_cmp(value.get(), group.prime()) < 0;
}

/// u = H(PAD(A) | PAD(B)).
Number scrambler(ByteSpan client_key, ByteSpan server_key) {
  return number_of(hash_of(padded(client_key), padded(server_key)));
}

/// M1 = H(H(N) ^ H(g) | H(I) | s | A | B | K) with A and B as they were sent, M2 = H(A | M1 | K).
SrpShared shared_from(SrpRules rules, const Group& group, const Number& secret, ByteSpan username,
                      ByteSpan salt, ByteSpan client_key, ByteSpan server_key) {
  const bool esp = rules == SrpRules::esp;
  Bytes secret_bytes = padded(secret.get());
  if (esp) secret_bytes = without_leading_zeros(secret_bytes);
  SrpShared out;
  out.key = hash_of(secret_bytes);
  OPENSSL_cleanse(secret_bytes.data(), secret_bytes.size());
  Bytes both = hash_of(padded(group.prime()));
  const Bytes of_generator = hash_of(esp ? padded(generator) : generator);
  std::ranges::transform(both, of_generator, both.begin(), std::bit_xor<>());
  out.client_proof = hash_of(both, hash_of(username), salt, client_key, server_key, out.key);
  out.server_proof = hash_of(client_key, out.client_proof, out.key);
  return out;
}

}  // namespace

SrpClient::SrpClient(SrpRules rules, ByteSpan secret)
    : rules_(rules), secret_(secret.begin(), secret.end()) {
  Group group;
  public_key_ = padded(group.power(number_of(generator), secret_number(secret)).get());
}

std::optional<SrpShared> SrpClient::share(std::string_view username, std::string_view password,
                                          ByteSpan salt, ByteSpan server_key,
                                          SrpVerifierForm form) const {
  Group group;
  if (!is_public_key(group, server_key)) return std::nullopt;
  const Number x = password_number(username, password, salt, form);
  const Number u = scrambler(public_key_, server_key);
  // S = (B - k g^x) ^ (a + u x)
  const Number base = group.minus(
      number_of(server_key), group.times(multiplier(group), group.power(number_of(generator), x)));
  const Number secret = group.power(base, group.linear(secret_number(secret_), u, x));
  return shared_from(rules_, group, secret, as_bytes(username), salt, public_key_, server_key);
}

SrpServer::SrpServer(SrpRules rules, std::string_view username, ByteSpan salt, ByteSpan verifier,
                     ByteSpan secret)
    : rules_(rules),
      username_(username.begin(), username.end()),
      salt_(salt.begin(), salt.end()),
      verifier_(verifier.begin(), verifier.end()),
      secret_(secret.begin(), secret.end()) {
  // B = k v + g^b
  Group group;
  const Number key = group.plus(group.times(multiplier(group), number_of(verifier)),
                                group.power(number_of(generator), secret_number(secret)));
  public_key_ = padded(key.get());
  if (rules == SrpRules::esp) public_key_ = without_leading_zeros(public_key_);
}

std::optional<SrpShared> SrpServer::share(ByteSpan client_key) const {
  Group group;
  if (!is_public_key(group, client_key)) return std::nullopt;
  // S = (A v^u) ^ b
  const Number u = scrambler(client_key, public_key_);
  const Number base = group.times(number_of(client_key), group.power(number_of(verifier_), u));
  const Number secret = group.power(base, secret_number(secret_));
  return shared_from(rules_, group, secret, username_, salt_, client_key, public_key_);
}

Bytes srp_verifier(std::string_view username, std::string_view password, ByteSpan salt,
                   SrpVerifierForm form) {
  Group group;
  return padded(
      group.power(number_of(generator), password_number(username, password, salt, form)).get());
}

bool is_same_proof(ByteSpan a, ByteSpan b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace aiot::crypto
