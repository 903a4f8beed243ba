#include "crypto/aes.hpp"

#include <openssl/evp.h>

#include <cstdlib>
#include <memory>

namespace aiot::crypto {
namespace {

constexpr std::size_t block_bytes = 16;

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

// OpenSSL fails here only when memory is gone or the build lacks AES: both are fatal.
void require(bool ok) {
  if (!ok) std::abort();
}

const EVP_CIPHER* cipher_for(ByteSpan key, ByteSpan iv) {
  require((key.size() == 16 || key.size() == 32) && (iv.empty() || iv.size() == block_bytes));
  if (iv.empty()) return key.size() == 16 ? EVP_aes_128_ecb() : EVP_aes_256_ecb();
  return key.size() == 16 ? EVP_aes_128_cbc() : EVP_aes_256_cbc();
}

/// An empty `iv` means ECB.
std::optional<Bytes> run(bool encrypt, ByteSpan key, ByteSpan iv, ByteSpan in) {
  const Context context(EVP_CIPHER_CTX_new());
  require(context != nullptr);
  require(EVP_CipherInit_ex(context.get(), cipher_for(key, iv), nullptr, key.data(),
                            iv.empty() ? nullptr : iv.data(), encrypt ? 1 : 0) == 1);
  Bytes out(in.size() + block_bytes);
  int body = 0;
  int tail = 0;
  require(EVP_CipherUpdate(context.get(), out.data(), &body, in.data(),
                           static_cast<int>(in.size())) == 1);
  if (EVP_CipherFinal_ex(context.get(), out.data() + body, &tail) != 1) return std::nullopt;
  out.resize(static_cast<std::size_t>(body + tail));
  return out;
}

}  // namespace

Bytes aes_cbc_encrypt(ByteSpan key, ByteSpan iv, ByteSpan text) {
  return *run(true, key, iv, text);
}

std::optional<Bytes> aes_cbc_decrypt(ByteSpan key, ByteSpan iv, ByteSpan cipher) {
  return run(false, key, iv, cipher);
}

Bytes aes_ecb_encrypt(ByteSpan key, ByteSpan text) { return *run(true, key, {}, text); }

std::optional<Bytes> aes_ecb_decrypt(ByteSpan key, ByteSpan cipher) {
  return run(false, key, {}, cipher);
}

}  // namespace aiot::crypto
