#include "crypto/digest.hpp"

#include <openssl/evp.h>

#include <cstdlib>

namespace aiot::crypto {
namespace {

// OpenSSL fails here only when memory is gone or the build lacks the digest: both are fatal.
void must_succeed(int ok) {
  if (ok != 1) std::abort();
}

template <class Digest>
Digest digest(ByteSpan data, const EVP_MD* kind) {
  Digest out{};
  must_succeed(EVP_Digest(data.data(), data.size(), out.data(), nullptr, kind, nullptr));
  return out;
}

}  // namespace

Md5 md5(ByteSpan data) { return digest<Md5>(data, EVP_md5()); }
Sha256 sha256(ByteSpan data) { return digest<Sha256>(data, EVP_sha256()); }

Md5Stream::Md5Stream() : context_(EVP_MD_CTX_new()) {
  must_succeed(context_ != nullptr ? 1 : 0);
  must_succeed(EVP_DigestInit_ex(static_cast<EVP_MD_CTX*>(context_), EVP_md5(), nullptr));
}
Md5Stream::~Md5Stream() { EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(context_)); }
void Md5Stream::update(ByteSpan data) {
  must_succeed(EVP_DigestUpdate(static_cast<EVP_MD_CTX*>(context_), data.data(), data.size()));
}
Md5 Md5Stream::finish() {
  Md5 out{};
  must_succeed(EVP_DigestFinal_ex(static_cast<EVP_MD_CTX*>(context_), out.data(), nullptr));
  return out;
}

}  // namespace aiot::crypto
