#pragma once

#include <openssl/evp.h>

#include <cstdlib>
#include <memory>

#include "aiot/bytes.hpp"

/// What the files of this folder share over OpenSSL.
namespace aiot::crypto {

// OpenSSL fails in these places only when memory is gone or the build lacks the algorithm: both
// are fatal.
inline void require(bool ok) {
  if (!ok) std::abort();
}

inline int size_of(ByteSpan bytes) { return static_cast<int>(bytes.size()); }

struct FreeEvp {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
};
template <class T>
using Evp = std::unique_ptr<T, FreeEvp>;

/// Takes over what an OpenSSL function has made.
template <class T>
Evp<T> own(T* made) {
  require(made != nullptr);
  return Evp<T>(made);
}

}  // namespace aiot::crypto
