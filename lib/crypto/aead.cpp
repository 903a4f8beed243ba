#include "crypto/aead.hpp"

#include <algorithm>
#include <array>

#include "crypto/evp.hpp"

namespace aiot::crypto {
namespace {

const EVP_CIPHER* gcm_for(ByteSpan key) {
  require(key.size() == 16 || key.size() == 32);
  return key.size() == 16 ? EVP_aes_128_gcm() : EVP_aes_256_gcm();
}

const EVP_CIPHER* chacha_for(ByteSpan key) {
  require(key.size() == 32);
  return EVP_chacha20_poly1305();
}

/// A context with key and nonce that has seen the associated data.
Evp<EVP_CIPHER_CTX> begin_aead(const EVP_CIPHER* cipher, bool encrypt, ByteSpan key, ByteSpan nonce,
                               ByteSpan associated) {
  require(nonce.size() == aead_nonce_bytes);
  auto context = own(EVP_CIPHER_CTX_new());
  require(EVP_CipherInit_ex(context.get(), cipher, nullptr, key.data(), nonce.data(),
                            encrypt ? 1 : 0) == 1);
  int ignored = 0;
  if (!associated.empty()) {
    require(EVP_CipherUpdate(context.get(), nullptr, &ignored, associated.data(),
                             size_of(associated)) == 1);
  }
  return context;
}

/// An empty text would be a null pointer, which means associated data.
void update(EVP_CIPHER_CTX* context, std::uint8_t* out, ByteSpan in) {
  int written = 0;
  if (!in.empty()) require(EVP_CipherUpdate(context, out, &written, in.data(), size_of(in)) == 1);
}

Bytes seal(const EVP_CIPHER* cipher, ByteSpan key, ByteSpan nonce, ByteSpan associated,
           ByteSpan text) {
  const auto context = begin_aead(cipher, true, key, nonce, associated);
  Bytes out(text.size() + aead_tag_bytes);
  int tail = 0;
  update(context.get(), out.data(), text);
  require(EVP_CipherFinal_ex(context.get(), out.data() + text.size(), &tail) == 1);
  require(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, aead_tag_bytes,
                              out.data() + text.size()) == 1);
  return out;
}

std::optional<Bytes> open(const EVP_CIPHER* cipher, ByteSpan key, ByteSpan nonce,
                          ByteSpan associated, ByteSpan sealed) {
  if (sealed.size() < aead_tag_bytes) return std::nullopt;
  const ByteSpan text = sealed.first(sealed.size() - aead_tag_bytes);
  std::array<std::uint8_t, aead_tag_bytes> tag{};
  std::copy(sealed.end() - aead_tag_bytes, sealed.end(), tag.begin());
  const auto context = begin_aead(cipher, false, key, nonce, associated);
  Bytes out(text.size());
  int end = 0;
  update(context.get(), out.data(), text);
  require(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, aead_tag_bytes, tag.data()) ==
          1);
  if (EVP_CipherFinal_ex(context.get(), tag.data(), &end) != 1) return std::nullopt;
  return out;
}

}  // namespace

Bytes aes_gcm_seal(ByteSpan key, ByteSpan nonce, ByteSpan associated, ByteSpan text) {
  return seal(gcm_for(key), key, nonce, associated, text);
}

std::optional<Bytes> aes_gcm_open(ByteSpan key, ByteSpan nonce, ByteSpan associated,
                                  ByteSpan sealed) {
  return open(gcm_for(key), key, nonce, associated, sealed);
}

Bytes chacha20_poly1305_seal(ByteSpan key, ByteSpan nonce, ByteSpan associated, ByteSpan text) {
  return seal(chacha_for(key), key, nonce, associated, text);
}

std::optional<Bytes> chacha20_poly1305_open(ByteSpan key, ByteSpan nonce, ByteSpan associated,
                                            ByteSpan sealed) {
  return open(chacha_for(key), key, nonce, associated, sealed);
}

}  // namespace aiot::crypto
