#include "crypto/digest.hpp"

#include "crypto/evp.hpp"

namespace aiot::crypto {
namespace {

template <class Digest>
Digest digest(ByteSpan data, const EVP_MD* kind) {
  Digest out{};
  require(EVP_Digest(data.data(), data.size(), out.data(), nullptr, kind, nullptr) == 1);
  return out;
}

}  // namespace

Md5 md5(ByteSpan data) { return digest<Md5>(data, EVP_md5()); }
Sha256 sha256(ByteSpan data) { return digest<Sha256>(data, EVP_sha256()); }

Md5Stream::Md5Stream() : context_(EVP_MD_CTX_new()) {
  require(context_ != nullptr);
  require(EVP_DigestInit_ex(static_cast<EVP_MD_CTX*>(context_), EVP_md5(), nullptr) == 1);
}
Md5Stream::~Md5Stream() { EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(context_)); }
void Md5Stream::update(ByteSpan data) {
  require(EVP_DigestUpdate(static_cast<EVP_MD_CTX*>(context_), data.data(), data.size()) == 1);
}
Md5 Md5Stream::finish() {
  Md5 out{};
  require(EVP_DigestFinal_ex(static_cast<EVP_MD_CTX*>(context_), out.data(), nullptr) == 1);
  return out;
}

}  // namespace aiot::crypto
