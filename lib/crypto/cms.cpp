#include "crypto/cms.hpp"

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include <limits>
#include <memory>

#include "crypto/evp.hpp"

namespace aiot::crypto {
namespace {

constexpr std::size_t cms_limit_bytes = std::size_t{1} << 20;

struct FreeCms {
  void operator()(CMS_ContentInfo* cms) const { CMS_ContentInfo_free(cms); }
  void operator()(BIO* bio) const { BIO_free_all(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(X509_STORE* store) const { X509_STORE_free(store); }
  void operator()(X509_STORE_CTX* context) const { X509_STORE_CTX_free(context); }
  void operator()(STACK_OF(X509) * list) const { sk_X509_pop_free(list, X509_free); }
  void operator()(char* text) const { OPENSSL_free(text); }
};
template <class T>
using Cms = std::unique_ptr<T, FreeCms>;

/// OpenSSL's first words on what failed, and its queue emptied.
std::string cms_reason() {
  std::string out;
  while (const unsigned long code = ERR_get_error()) {  // NOLINT(google-runtime-int): OpenSSL's
    const char* reason = ERR_reason_error_string(code);
    if (reason != nullptr && out.empty()) out = reason;
  }
  return out;
}

Result<Cms<CMS_ContentInfo>> decode_cms(ByteSpan der) {
  const auto bad = [](std::string why) { return make_error(Errc::bad_cms, std::move(why)); };
  if (der.size() > cms_limit_bytes) return bad("more than 1 MiB");
  ERR_clear_error();
  const unsigned char* at = der.data();
  Cms<CMS_ContentInfo> cms(
      d2i_CMS_ContentInfo(nullptr, &at, static_cast<long>(der.size())));  // NOLINT
  if (!cms || OBJ_obj2nid(CMS_get0_type(cms.get())) != NID_pkcs7_signed) {
    cms_reason();
    return bad("not signed data");
  }
  if (sk_CMS_SignerInfo_num(CMS_get0_SignerInfos(cms.get())) < 1) return bad("nobody signed it");
  return cms;
}

CmsSigner describe_signer(X509* certificate) {
  CmsSigner out;
  const Cms<BIO> text(BIO_new(BIO_s_mem()));
  require(text != nullptr);
  X509_NAME_print_ex(text.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
  const char* data = nullptr;
  const long size = BIO_get_mem_data(text.get(), &data);  // NOLINT(google-runtime-int): OpenSSL's
  out.subject.assign(data, static_cast<std::size_t>(size));
  unsigned int count = 0;
  require(X509_digest(certificate, EVP_sha256(), out.certificate_sha256.data(), &count) == 1);
  return out;
}

/// The certificates of a PEM text.
Result<Cms<STACK_OF(X509)>> read_certificates(std::string_view pem) {
  Cms<STACK_OF(X509)> list(sk_X509_new_null());
  const Cms<BIO> text(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  require(list != nullptr && text != nullptr);
  while (X509* one = PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr)) {
    require(sk_X509_push(list.get(), one) > 0);
  }
  ERR_clear_error();  // the end of the text is an error to OpenSSL
  if (sk_X509_num(list.get()) == 0) {
    return make_error(Errc::bad_certificate, "",
                      "give certificates in PEM, such as openssl req -x509 writes them");
  }
  return list;
}

/// Whether `certificate` leads to one of `trusted`, over those that the message brought.
Result<void> verify_certificate(X509* certificate, STACK_OF(X509) * trusted,
                                STACK_OF(X509) * brought, std::chrono::sys_seconds now) {
  const Cms<X509_STORE> store(X509_STORE_new());
  const Cms<X509_STORE_CTX> context(X509_STORE_CTX_new());
  require(store != nullptr && context != nullptr);
  for (int i = 0; i < sk_X509_num(trusted); ++i) {
    require(X509_STORE_add_cert(store.get(), sk_X509_value(trusted, i)) == 1);
  }
  require(X509_STORE_CTX_init(context.get(), store.get(), certificate, brought) == 1);
  X509_VERIFY_PARAM* rules = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN);
  X509_VERIFY_PARAM_set_time(rules, std::chrono::system_clock::to_time_t(now));
  if (X509_verify_cert(context.get()) == 1) return {};
  const int why = X509_STORE_CTX_get_error(context.get());
  ERR_clear_error();
  return make_error(
      Errc::untrusted_signer,
      describe_signer(certificate).subject + ": " + X509_verify_cert_error_string(why),
      "check which certificate its maker signs with");
}

}  // namespace

Result<CmsMessage> read_cms(ByteSpan der) {
  AIOT_TRY(const Cms<CMS_ContentInfo> cms, decode_cms(der));
  CmsMessage out;
  const Cms<STACK_OF(X509)> certificates(CMS_get1_certs(cms.get()));
  STACK_OF(CMS_SignerInfo)* signers = CMS_get0_SignerInfos(cms.get());
  for (int i = 0; i < sk_CMS_SignerInfo_num(signers); ++i) {
    CmsSigner signer;
    for (int c = 0; certificates && c < sk_X509_num(certificates.get()); ++c) {
      X509* certificate = sk_X509_value(certificates.get(), c);
      if (CMS_SignerInfo_cert_cmp(sk_CMS_SignerInfo_value(signers, i), certificate) == 0) {
        signer = describe_signer(certificate);
      }
    }
    out.signers.push_back(std::move(signer));
  }
  ASN1_OCTET_STRING** content = CMS_get0_content(cms.get());
  if (content != nullptr && *content != nullptr) {
    const unsigned char* data = ASN1_STRING_get0_data(*content);
    out.content.emplace(data, data + ASN1_STRING_length(*content));
  }
  ERR_clear_error();
  return out;
}

Result<void> verify_cms(ByteSpan der, std::optional<ByteSpan> detached,
                        std::string_view trusted_pem, std::chrono::sys_seconds now) {
  AIOT_TRY(const Cms<CMS_ContentInfo> cms, decode_cms(der));
  AIOT_TRY(const Cms<STACK_OF(X509)> trusted, read_certificates(trusted_pem));
  Cms<BIO> content;
  if (detached) {
    if (detached->size() > std::size_t{std::numeric_limits<int>::max()}) {
      return make_error(Errc::bad_cms, "more than 2 GiB of content");
    }
    static constexpr std::uint8_t none = 0;
    content.reset(BIO_new_mem_buf(detached->empty() ? &none : detached->data(),
                                  static_cast<int>(detached->size())));
    require(content != nullptr);
  }
  ERR_clear_error();
  constexpr unsigned flags = CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY;
  if (CMS_verify(cms.get(), trusted.get(), nullptr, content.get(), nullptr, flags) != 1) {
    const std::string why = cms_reason();
    if (why == "signer certificate not found") {
      return make_error(Errc::untrusted_signer, why,
                        "check which certificate its maker signs with");
    }
    return make_error(Errc::bad_cms_signature, why, "get the file again from its maker");
  }
  const std::unique_ptr<STACK_OF(X509), void (*)(STACK_OF(X509)*)> signers(
      CMS_get0_signers(cms.get()), [](STACK_OF(X509) * list) { sk_X509_free(list); });
  const Cms<STACK_OF(X509)> brought(CMS_get1_certs(cms.get()));
  if (!signers || sk_X509_num(signers.get()) < 1) {
    return make_error(Errc::bad_cms, "nobody signed it");
  }
  for (int i = 0; i < sk_X509_num(signers.get()); ++i) {
    AIOT_CHECK(
        verify_certificate(sk_X509_value(signers.get(), i), trusted.get(), brought.get(), now));
  }
  return {};
}

}  // namespace aiot::crypto
