#include "crypto/curve25519.hpp"

#include "crypto/evp.hpp"

namespace aiot::crypto {
namespace {

Evp<EVP_PKEY> secret_key(int kind, ByteSpan secret) {
  require(secret.size() == 32);
  return own(EVP_PKEY_new_raw_private_key(kind, nullptr, secret.data(), secret.size()));
}

/// Null when `bytes` is no key.
Evp<EVP_PKEY> public_key_of(int kind, ByteSpan bytes) {
  return Evp<EVP_PKEY>(EVP_PKEY_new_raw_public_key(kind, nullptr, bytes.data(), bytes.size()));
}

Key25519 public_bytes(int kind, ByteSpan secret) {
  const auto key = secret_key(kind, secret);
  Key25519 out{};
  std::size_t length = out.size();
  require(EVP_PKEY_get_raw_public_key(key.get(), out.data(), &length) == 1);
  return out;
}

}  // namespace

Key25519 x25519_public(ByteSpan secret) { return public_bytes(EVP_PKEY_X25519, secret); }

std::optional<Key25519> x25519(ByteSpan secret, ByteSpan peer) {
  const auto own_key = secret_key(EVP_PKEY_X25519, secret);
  const auto peer_key = public_key_of(EVP_PKEY_X25519, peer);
  if (peer_key == nullptr) return std::nullopt;
  const auto context = own(EVP_PKEY_CTX_new(own_key.get(), nullptr));
  require(EVP_PKEY_derive_init(context.get()) == 1);
  if (EVP_PKEY_derive_set_peer(context.get(), peer_key.get()) != 1) return std::nullopt;
  Key25519 out{};
  std::size_t length = out.size();
  if (EVP_PKEY_derive(context.get(), out.data(), &length) != 1) return std::nullopt;  // all zero
  return out;
}

Key25519 ed25519_public(ByteSpan secret) { return public_bytes(EVP_PKEY_ED25519, secret); }

Signature25519 ed25519_sign(ByteSpan secret, ByteSpan message) {
  const auto key = secret_key(EVP_PKEY_ED25519, secret);
  const auto context = own(EVP_MD_CTX_new());
  require(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1);
  Signature25519 out{};
  std::size_t length = out.size();
  require(EVP_DigestSign(context.get(), out.data(), &length, message.data(), message.size()) == 1);
  return out;
}

bool ed25519_verify(ByteSpan public_key, ByteSpan message, ByteSpan signature) {
  const auto key = public_key_of(EVP_PKEY_ED25519, public_key);
  if (key == nullptr) return false;
  const auto context = own(EVP_MD_CTX_new());
  require(EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1);
  return EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(),
                          message.size()) == 1;
}

}  // namespace aiot::crypto
