#include "crypto/aes.hpp"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include <algorithm>

#include "crypto/evp.hpp"

namespace aiot::crypto {
namespace {

constexpr std::size_t block_bytes = 16;

const EVP_CIPHER* cipher_for(ByteSpan key, ByteSpan iv) {
  require((key.size() == 16 || key.size() == 32) && (iv.empty() || iv.size() == block_bytes));
  if (iv.empty()) return key.size() == 16 ? EVP_aes_128_ecb() : EVP_aes_256_ecb();
  return key.size() == 16 ? EVP_aes_128_cbc() : EVP_aes_256_cbc();
}

/// An empty `iv` means ECB.
std::optional<Bytes> run(bool encrypt, ByteSpan key, ByteSpan iv, ByteSpan in) {
  const auto context = own(EVP_CIPHER_CTX_new());
  require(EVP_CipherInit_ex(context.get(), cipher_for(key, iv), nullptr, key.data(),
                            iv.empty() ? nullptr : iv.data(), encrypt ? 1 : 0) == 1);
  Bytes out(in.size() + block_bytes);
  int body = 0;
  int tail = 0;
  require(EVP_CipherUpdate(context.get(), out.data(), &body, in.data(), size_of(in)) == 1);
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

std::optional<Bytes> aes_ccm_open(const Aes128Key& key, ByteSpan nonce, ByteSpan associated,
                                  ByteSpan ciphertext, ByteSpan tag) {
  const auto context = own(EVP_CIPHER_CTX_new());
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
  const auto context = own(EVP_CIPHER_CTX_new());
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

std::array<std::uint8_t, 16> aes_cmac(ByteSpan key, ByteSpan message) {
  require(key.size() == block_bytes);
  struct FreeMac {
    void operator()(EVP_MAC* mac) const { EVP_MAC_free(mac); }
    void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
  };
  const std::unique_ptr<EVP_MAC, FreeMac> mac(EVP_MAC_fetch(nullptr, "CMAC", nullptr));
  require(mac != nullptr);
  const std::unique_ptr<EVP_MAC_CTX, FreeMac> context(EVP_MAC_CTX_new(mac.get()));
  char cipher[] = "AES-128-CBC";
  const std::array<OSSL_PARAM, 2> parameters = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, cipher, 0),
      OSSL_PARAM_construct_end()};
  std::array<std::uint8_t, 16> out{};
  std::size_t length = 0;
  require(context != nullptr &&
          EVP_MAC_init(context.get(), key.data(), key.size(), parameters.data()) == 1 &&
          EVP_MAC_update(context.get(), message.data(), message.size()) == 1 &&
          EVP_MAC_final(context.get(), out.data(), &length, out.size()) == 1 &&
          length == out.size());
  return out;
}

AesCtr::AesCtr(ByteSpan key, ByteSpan counter) : context_(own(EVP_CIPHER_CTX_new()).release()) {
  require((key.size() == 16 || key.size() == 32) && counter.size() == block_bytes);
  require(EVP_EncryptInit_ex(static_cast<EVP_CIPHER_CTX*>(context_),
                             key.size() == 16 ? EVP_aes_128_ctr() : EVP_aes_256_ctr(), nullptr,
                             key.data(), counter.data()) == 1);
}
AesCtr::~AesCtr() { EVP_CIPHER_CTX_free(static_cast<EVP_CIPHER_CTX*>(context_)); }

Bytes AesCtr::next(ByteSpan text) {
  Bytes out(text.size());
  int length = 0;
  if (!text.empty()) {
    require(EVP_EncryptUpdate(static_cast<EVP_CIPHER_CTX*>(context_), out.data(), &length,
                              text.data(), size_of(text)) == 1);
  }
  return out;
}

}  // namespace aiot::crypto
