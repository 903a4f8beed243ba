#include "crypto/aes_siv.hpp"

#include <algorithm>
#include <array>

#include "crypto/evp.hpp"

namespace aiot::crypto {
namespace {

constexpr std::size_t siv_tag_bytes = 16;

/// A context with its key that has seen the associated data, and the tag when there is one.
Evp<EVP_CIPHER_CTX> begin_siv(bool encrypt, ByteSpan key, std::span<const ByteSpan> associated,
                              ByteSpan tag) {
  const char* const name = key.size() == 32   ? "AES-128-SIV"
                           : key.size() == 48 ? "AES-192-SIV"
                                              : "AES-256-SIV";
  require(key.size() == 32 || key.size() == 48 || key.size() == 64);
  struct FreeCipher {
    void operator()(EVP_CIPHER* cipher) const { EVP_CIPHER_free(cipher); }
  };
  const std::unique_ptr<EVP_CIPHER, FreeCipher> cipher(EVP_CIPHER_fetch(nullptr, name, nullptr));
  require(cipher != nullptr);
  auto context = own(EVP_CIPHER_CTX_new());
  require(EVP_CipherInit_ex2(context.get(), cipher.get(), key.data(), nullptr, encrypt ? 1 : 0,
                             nullptr) == 1);
  if (!tag.empty()) {
    Bytes expected(tag.begin(), tag.end());  // the call takes no const
    require(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, size_of(tag),
                                expected.data()) == 1);
  }
  for (const ByteSpan part : associated) {
    constexpr std::uint8_t nothing = 0;  // an empty part counts, and has no address of its own
    int ignored = 0;
    require(EVP_CipherUpdate(context.get(), nullptr, &ignored,
                             part.empty() ? &nothing : part.data(), size_of(part)) == 1);
  }
  return context;
}

}  // namespace

Bytes aes_siv_seal(ByteSpan key, std::span<const ByteSpan> associated, ByteSpan text) {
  require(!text.empty());
  const auto context = begin_siv(true, key, associated, {});
  Bytes out(siv_tag_bytes + text.size());
  int written = 0;
  require(EVP_CipherUpdate(context.get(), out.data() + siv_tag_bytes, &written, text.data(),
                           size_of(text)) == 1);
  require(EVP_CipherFinal_ex(context.get(), out.data() + siv_tag_bytes, &written) == 1);
  require(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, siv_tag_bytes, out.data()) ==
          1);
  return out;
}

std::optional<Bytes> aes_siv_open(ByteSpan key, std::span<const ByteSpan> associated,
                                  ByteSpan sealed) {
  if (sealed.size() <= siv_tag_bytes) return std::nullopt;
  const ByteSpan cipher_text = sealed.subspan(siv_tag_bytes);
  const auto context = begin_siv(false, key, associated, sealed.first(siv_tag_bytes));
  Bytes out(cipher_text.size());
  int written = 0;
  if (EVP_CipherUpdate(context.get(), out.data(), &written, cipher_text.data(),
                       size_of(cipher_text)) != 1 ||
      EVP_CipherFinal_ex(context.get(), out.data(), &written) != 1) {
    return std::nullopt;
  }
  return out;
}

}  // namespace aiot::crypto
