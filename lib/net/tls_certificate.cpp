#include "net/tls_certificate.hpp"

#include <fmt/format.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>
#include <memory>

#include "aiot/bytes.hpp"
#include "net/clock.hpp"
#include "net/error.hpp"
#include "net/tls_reason.hpp"

namespace aiot::net {
namespace {

struct FreeCertificate {
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
};
template <class T>
using Owned = std::unique_ptr<T, FreeCertificate>;

std::string memory_of(BIO* bio) {
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

bool extend(X509* certificate, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  const Owned<X509_EXTENSION> made(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
  return made && X509_add_ext(certificate, made.get(), -1) == 1;
}

bool fill(X509* certificate, EVP_PKEY* key, const std::vector<std::string>& names) {
  constexpr long lasts_s = 10L * 365 * 24 * 60 * 60;  // NOLINT(google-runtime-int): OpenSSL's
  constexpr long early_s = 24L * 60 * 60;  // NOLINT(google-runtime-int): a device's clock is late
  std::string listed;
  for (const std::string& name : names) {
    boost::system::error_code not_literal;
    asio::ip::make_address(name, not_literal);
    listed += fmt::format("{}{}:{}", listed.empty() ? "" : ",", not_literal ? "DNS" : "IP", name);
  }
  std::unique_ptr<BIGNUM, decltype(&BN_free)> serial(BN_new(), BN_free);
  X509_NAME* subject = X509_get_subject_name(certificate);
  return X509_set_version(certificate, 2) == 1 &&
         BN_rand(serial.get(), 127, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(certificate)) != nullptr &&
         X509_gmtime_adj(X509_getm_notBefore(certificate), -early_s) != nullptr &&
         X509_gmtime_adj(X509_getm_notAfter(certificate), lasts_s) != nullptr &&
         X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(names.front().c_str()),
                                    -1, -1, 0) == 1 &&
         X509_set_issuer_name(certificate, subject) == 1 &&
         X509_set_pubkey(certificate, key) == 1 &&
         extend(certificate, NID_basic_constraints, "critical,CA:TRUE") &&
         extend(certificate, NID_key_usage, "critical,digitalSignature,keyCertSign") &&
         extend(certificate, NID_ext_key_usage, "serverAuth") &&
         extend(certificate, NID_subject_key_identifier, "hash") &&
         extend(certificate, NID_subject_alt_name, listed) &&
         X509_sign(certificate, key, EVP_sha256()) > 0;
}

Error bad_certificate(const std::string& file) {
  return make_error(Errc::bad_certificate, file + ": " + openssl_reason(),
                    "give a file with a certificate in PEM");
}

/// The first one in the file.
Result<Owned<X509>> read_certificate(const std::string& path) {
  ERR_clear_error();
  const Owned<BIO> file(BIO_new_file(path.c_str(), "r"));
  Owned<X509> certificate(file ? PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr)
                               : nullptr);
  if (!certificate) return bad_certificate(path);
  return certificate;
}

}  // namespace

Result<SelfSigned> make_self_signed(const std::vector<std::string>& names) {
  ERR_clear_error();
  const Owned<EVP_PKEY> key(EVP_EC_gen("P-256"));
  const Owned<X509> certificate(X509_new());
  const Owned<BIO> written(BIO_new(BIO_s_mem()));
  const Owned<BIO> written_key(BIO_new(BIO_s_secmem()));
  if (!key || !certificate || !written || !written_key || names.empty() ||
      !fill(certificate.get(), key.get(), names) ||
      PEM_write_bio_X509(written.get(), certificate.get()) != 1 ||
      PEM_write_bio_PrivateKey(written_key.get(), key.get(), nullptr, nullptr, 0, nullptr,
                               nullptr) != 1) {
    return make_error(Errc::bad_certificate, "making a certificate: " + openssl_reason(),
                      "use host names and IP addresses");
  }
  return SelfSigned{memory_of(written.get()), memory_of(written_key.get())};
}

Result<void> check_pem_file(const std::string& path) {
  struct stat info {};
  // What a shell hands over, <(command), has a writer.
  const bool handed_over = path.starts_with("/dev/") || path.starts_with("/proc/");
  if (handed_over || ::stat(path.c_str(), &info) != 0 || !S_ISFIFO(info.st_mode)) return {};
  return make_error(Errc::bad_certificate, path + ": is not a regular file",
                    "give a file with a certificate in PEM");
}

bool is_host(std::string_view name) {
  boost::system::error_code not_literal;
  asio::ip::make_address(name, not_literal);
  if (!not_literal) return true;
  constexpr std::size_t most_bytes = 253, most_label_bytes = 63;
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  };
  if (name.empty() || name.size() > most_bytes) return false;
  if (name.starts_with("*.")) name.remove_prefix(2);
  for (;;) {
    const std::string_view label = name.substr(0, name.find('.'));
    if (label.empty() || label.size() > most_label_bytes || label.starts_with('-') ||
        label.ends_with('-') || !std::ranges::all_of(label, good)) {
      return false;
    }
    if (label.size() == name.size()) return true;
    name.remove_prefix(label.size() + 1);
  }
}

Result<bool> is_certificate_for(const std::string& certificate_file, const std::string& name) {
  AIOT_TRY(const Owned<X509> certificate, read_certificate(certificate_file));
  return X509_check_ip_asc(certificate.get(), name.c_str(), 0) == 1 ||
         X509_check_host(certificate.get(), name.c_str(), name.size(), 0, nullptr) == 1;
}

Result<Pins> pins_of(const std::string& certificate_file) {
  AIOT_TRY(const Owned<X509> certificate, read_certificate(certificate_file));
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (X509_digest(certificate.get(), EVP_sha256(), digest.data(), &size) != 1) {
    return bad_certificate(certificate_file);
  }
  Pins pins;
  pins.certificate_sha256 = to_hex(ByteSpan(digest).first(size));
  unsigned char* spki = nullptr;
  const int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate.get()), &spki);
  if (length > 0 && EVP_Digest(spki, static_cast<std::size_t>(length), digest.data(), &size,
                               EVP_sha256(), nullptr) == 1) {
    pins.key_sha256 = "sha256//" + to_base64(ByteSpan(digest).first(size));
  }
  OPENSSL_free(spki);
  std::tm until{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &until) == 1) {
    pins.expires =
        fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", until.tm_year + 1900, until.tm_mon + 1,
                    until.tm_mday, until.tm_hour, until.tm_min, until.tm_sec);
  }
  return pins;
}

}  // namespace aiot::net
