#include "crypto/hkdf.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "crypto/evp.hpp"

namespace aiot::crypto {
namespace {

const EVP_MD* kind_of(Hash hash) {
  switch (hash) {
    case Hash::sha256: return EVP_sha256();
    case Hash::sha384: return EVP_sha384();
    case Hash::sha512: return EVP_sha512();
  }
  std::abort();
}

}  // namespace

std::size_t hash_bytes(Hash hash) {
  return static_cast<std::size_t>(EVP_MD_get_size(kind_of(hash)));
}

Bytes digest(Hash hash, ByteSpan data) {
  Bytes out(hash_bytes(hash));
  require(EVP_Digest(data.data(), data.size(), out.data(), nullptr, kind_of(hash), nullptr) == 1);
  return out;
}

Bytes hmac(Hash hash, ByteSpan key, ByteSpan data) {
  Bytes out(hash_bytes(hash));
  static constexpr std::uint8_t none = 0;  // a null pointer would mean "the key of the last call"
  require(HMAC(kind_of(hash), key.empty() ? &none : key.data(), static_cast<int>(key.size()),
               data.data(), data.size(), out.data(), nullptr) != nullptr);
  return out;
}

Bytes pbkdf2(Hash hash, ByteSpan password, ByteSpan salt, unsigned rounds, std::size_t length) {
  Bytes out(length);
  require(PKCS5_PBKDF2_HMAC(reinterpret_cast<const char*>(password.data()),
                            static_cast<int>(password.size()), salt.data(),
                            static_cast<int>(salt.size()), static_cast<int>(rounds), kind_of(hash),
                            static_cast<int>(length), out.data()) == 1);
  return out;
}

Bytes hkdf_extract(Hash hash, ByteSpan salt, ByteSpan secret) { return hmac(hash, salt, secret); }

Bytes hkdf_expand(Hash hash, ByteSpan key, ByteSpan info, std::size_t length) {
  require(length <= 255 * hash_bytes(hash));
  Bytes out;
  Bytes block;
  for (std::uint8_t counter = 1; out.size() < length; ++counter) {
    block.insert(block.end(), info.begin(), info.end());
    block.push_back(counter);
    block = hmac(hash, key, block);
    out.insert(out.end(), block.begin(), block.end());
  }
  out.resize(length);
  return out;
}

Bytes hkdf(Hash hash, ByteSpan secret, ByteSpan salt, ByteSpan info, std::size_t length) {
  return hkdf_expand(hash, hkdf_extract(hash, salt, secret), info, length);
}

}  // namespace aiot::crypto
