#include "crypto/aes_gcm.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>

namespace aiot::crypto {
namespace {

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

void require(bool ok) {
  if (!ok) std::abort();
}

/// A context with key and nonce that has seen the associated data.
Context begin(bool encrypt, ByteSpan key, ByteSpan nonce, ByteSpan associated) {
  require((key.size() == 16 || key.size() == 32) && nonce.size() == aes_gcm_nonce_bytes);
  Context context(EVP_CIPHER_CTX_new());
  require(context != nullptr);
  const EVP_CIPHER* cipher = key.size() == 16 ? EVP_aes_128_gcm() : EVP_aes_256_gcm();
  require(EVP_CipherInit_ex(context.get(), cipher, nullptr, key.data(), nonce.data(),
                            encrypt ? 1 : 0) == 1);
  int ignored = 0;
  require(EVP_CipherUpdate(context.get(), nullptr, &ignored, associated.data(),
                           static_cast<int>(associated.size())) == 1);
  return context;
}

}  // namespace

Bytes aes_gcm_seal(ByteSpan key, ByteSpan nonce, ByteSpan associated, ByteSpan text) {
  const Context context = begin(true, key, nonce, associated);
  Bytes out(text.size() + aes_gcm_tag_bytes);
  int body = 0;
  int tail = 0;
  require(EVP_CipherUpdate(context.get(), out.data(), &body, text.data(),
                           static_cast<int>(text.size())) == 1);
  require(EVP_CipherFinal_ex(context.get(), out.data() + body, &tail) == 1);
  require(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, aes_gcm_tag_bytes,
                              out.data() + text.size()) == 1);
  return out;
}

std::optional<Bytes> aes_gcm_open(ByteSpan key, ByteSpan nonce, ByteSpan associated,
                                  ByteSpan sealed) {
  if (sealed.size() < aes_gcm_tag_bytes) return std::nullopt;
  const ByteSpan cipher = sealed.first(sealed.size() - aes_gcm_tag_bytes);
  std::array<std::uint8_t, aes_gcm_tag_bytes> tag{};
  std::copy(sealed.end() - aes_gcm_tag_bytes, sealed.end(), tag.begin());
  const Context context = begin(false, key, nonce, associated);
  Bytes out(cipher.size());
  int body = 0;
  int end = 0;
  require(EVP_CipherUpdate(context.get(), out.data(), &body, cipher.data(),
                           static_cast<int>(cipher.size())) == 1);
  require(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, aes_gcm_tag_bytes, tag.data()) ==
          1);
  if (EVP_CipherFinal_ex(context.get(), tag.data(), &end) != 1) return std::nullopt;
  return out;
}

}  // namespace aiot::crypto
