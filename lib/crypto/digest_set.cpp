#include "crypto/digest_set.hpp"

#include "crypto/evp.hpp"

namespace aiot::crypto {
namespace {

EVP_MD_CTX* md_of(void* context) { return static_cast<EVP_MD_CTX*>(context); }

}  // namespace

DigestSet::DigestSet() {
  const std::array<const EVP_MD*, 3> kinds = {EVP_sha256(), EVP_sha1(), EVP_md5()};
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    contexts_[i] = EVP_MD_CTX_new();
    require(contexts_[i] != nullptr);
    require(EVP_DigestInit_ex(md_of(contexts_[i]), kinds[i], nullptr) == 1);
  }
}

DigestSet::~DigestSet() {
  for (void* context : contexts_) EVP_MD_CTX_free(md_of(context));
}

void DigestSet::update(ByteSpan data) {
  for (void* context : contexts_) {
    require(EVP_DigestUpdate(md_of(context), data.data(), data.size()) == 1);
  }
}

DigestSet::Values DigestSet::finish() {
  Values out;
  require(EVP_DigestFinal_ex(md_of(contexts_[0]), out.sha256.data(), nullptr) == 1);
  require(EVP_DigestFinal_ex(md_of(contexts_[1]), out.sha1.data(), nullptr) == 1);
  require(EVP_DigestFinal_ex(md_of(contexts_[2]), out.md5.data(), nullptr) == 1);
  return out;
}

}  // namespace aiot::crypto
