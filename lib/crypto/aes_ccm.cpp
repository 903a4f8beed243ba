#include "crypto/aes_ccm.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

namespace aiot::crypto {
namespace {

// OpenSSL fails here only when memory is gone, a length is a bug or the build lacks AES.
void require(bool ok) {
  if (!ok) std::abort();
}

using Context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;
Context make_context() {
  Context context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  require(context != nullptr);
  return context;
}

int size_of(ByteSpan bytes) { return static_cast<int>(bytes.size()); }

}  // namespace

std::optional<Bytes> aes_ccm_open(const Aes128Key& key, ByteSpan nonce, ByteSpan associated,
                                  ByteSpan ciphertext, ByteSpan tag) {
  const Context context = make_context();
  EVP_CIPHER_CTX* c = context.get();
  require(EVP_DecryptInit_ex(c, EVP_aes_128_ccm(), nullptr, nullptr, nullptr) == 1);
  require(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_CCM_SET_IVLEN, size_of(nonce), nullptr) == 1);
  Bytes expected(tag.begin(), tag.end());  // the call takes no const
  require(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_CCM_SET_TAG, size_of(tag), expected.data()) == 1);
  require(EVP_DecryptInit_ex(c, nullptr, nullptr, key.data(), nonce.data()) == 1);
  int length = 0;
  require(EVP_DecryptUpdate(c, nullptr, &length, nullptr, size_of(ciphertext)) == 1);
  if (!associated.empty()) {
    require(EVP_DecryptUpdate(c, nullptr, &length, associated.data(), size_of(associated)) == 1);
  }
  Bytes plain(ciphertext.size() + 1);  // never a null pointer, which would mean associated data
  const Bytes none(1);
  const std::uint8_t* in = ciphertext.empty() ? none.data() : ciphertext.data();
  if (EVP_DecryptUpdate(c, plain.data(), &length, in, size_of(ciphertext)) != 1)
    return std::nullopt;
  plain.resize(ciphertext.size());
  return plain;
}

Bytes aes_ccm_decrypt_unverified(const Aes128Key& key, ByteSpan nonce, ByteSpan ciphertext) {
  require(nonce.size() >= 7 && nonce.size() <= 13);
  // Counter blocks of SP 800-38C, appendix A.3: flags, nonce, counter; block 0 masks the tag.
  std::array<std::uint8_t, 16> counter{};
  counter[0] = static_cast<std::uint8_t>(14 - nonce.size());
  std::copy(nonce.begin(), nonce.end(), counter.begin() + 1);
  counter[15] = 1;
  const Context context = make_context();
  require(EVP_DecryptInit_ex(context.get(), EVP_aes_128_ctr(), nullptr, key.data(),
                             counter.data()) == 1);
  Bytes plain(ciphertext.size());
  int length = 0;
  if (!ciphertext.empty()) {
    require(EVP_DecryptUpdate(context.get(), plain.data(), &length, ciphertext.data(),
                              size_of(ciphertext)) == 1);
  }
  return plain;
}

}  // namespace aiot::crypto
