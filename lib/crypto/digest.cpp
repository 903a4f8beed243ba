#include "crypto/digest.hpp"

#include <type_traits>

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

template <class Digest>
DigestStream<Digest>::DigestStream() : context_(EVP_MD_CTX_new()) {
  require(context_ != nullptr);
  const auto* kind = std::is_same_v<Digest, Md5> ? EVP_md5() : EVP_sha256();
  require(EVP_DigestInit_ex(static_cast<EVP_MD_CTX*>(context_), kind, nullptr) == 1);
}
template <class Digest>
DigestStream<Digest>::~DigestStream() {
  EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(context_));
}
template <class Digest>
void DigestStream<Digest>::update(ByteSpan data) {
  require(EVP_DigestUpdate(static_cast<EVP_MD_CTX*>(context_), data.data(), data.size()) == 1);
}
template <class Digest>
Digest DigestStream<Digest>::finish() {
  Digest out{};
  require(EVP_DigestFinal_ex(static_cast<EVP_MD_CTX*>(context_), out.data(), nullptr) == 1);
  return out;
}
template class DigestStream<Md5>;
template class DigestStream<Sha256>;

}  // namespace aiot::crypto
