#include "crypto/signing_key.hpp"

#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>

#include "core/file.hpp"
#include "crypto/curve25519.hpp"
#include "crypto/ec.hpp"
#include "crypto/evp.hpp"
#include "crypto/pkcs11.hpp"

namespace aiot::crypto {
namespace {

constexpr std::size_t key_file_limit_bytes = 64 * 1024;

/// SubjectPublicKeyInfo in front of the key: RFC 8410 (4), RFC 5480 (2.1.1) with an uncompressed
/// point of P-256.
constexpr std::array<std::uint8_t, 12> ed25519_prefix = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                                         0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
constexpr std::array<std::uint8_t, 26> p256_prefix = {
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
    0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00};

constexpr std::string_view pem_begin = "-----BEGIN PUBLIC KEY-----";
constexpr std::string_view pem_end = "-----END PUBLIC KEY-----";

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free_all(bio); }
};
using Bio = std::unique_ptr<BIO, FreeBio>;

Error bad_key(std::string what) {
  return make_error(Errc::bad_key, std::move(what),
                    "give a key in PEM, such as openssl genpkey writes it");
}

std::shared_ptr<void> shared(EVP_PKEY* key) {
  require(key != nullptr);
  return {key, [](void* owned) { EVP_PKEY_free(static_cast<EVP_PKEY*>(owned)); }};
}

EVP_PKEY* evp(const std::shared_ptr<void>& key) { return static_cast<EVP_PKEY*>(key.get()); }

Evp<EVP_PKEY> evp_of(const PublicKey& key) {
  const Bytes der = key.spki_der();
  const unsigned char* at = der.data();
  return Evp<EVP_PKEY>(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
}

const EVP_MD* hash_of(KeyType type) { return type == KeyType::ecdsa_p256 ? EVP_sha256() : nullptr; }

/// What OpenSSL asks for a passphrase with.
struct Passphrase {
  const std::string* text;
  bool asked = false;

  static int answer(char* out, int size, int, void* context) {
    auto& self = *static_cast<Passphrase*>(context);
    self.asked = true;
    if (self.text->empty() || self.text->size() > static_cast<std::size_t>(size)) return -1;
    std::copy(self.text->begin(), self.text->end(), out);
    return static_cast<int>(self.text->size());
  }
};

Evp<EVP_PKEY> p256_from_secret(ByteSpan secret) {
  Bytes point{0x04};
  append(point, ec_public(EcCurve::p256, secret));
  BIGNUM* number = BN_secure_new();
  require(number != nullptr && BN_bin2bn(secret.data(), size_of(secret), number) != nullptr);
  OSSL_PARAM_BLD* build = OSSL_PARAM_BLD_new();
  require(build != nullptr &&
          OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) ==
              1 &&
          OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                           point.size()) == 1 &&
          OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, number) == 1);
  OSSL_PARAM* parameters = OSSL_PARAM_BLD_to_param(build);
  const auto context = own(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* key = nullptr;
  require(parameters != nullptr && EVP_PKEY_fromdata_init(context.get()) == 1 &&
          EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_KEYPAIR, parameters) == 1);
  OSSL_PARAM_free(parameters);
  OSSL_PARAM_BLD_free(build);
  BN_clear_free(number);
  return own(key);
}

/// The content of a file that is its owner's alone.
Result<Bytes> read_private(const std::string& path) {
  if (path.find("-----BEGIN") != std::string::npos) {
    return make_error(Errc::unreadable, "a key in the place of a file's name",
                      "name the file: others see what stands in a command line");
  }
  const file::Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  struct stat info {};
  if (!file.is_open() || ::fstat(file.get(), &info) != 0) {
    return make_error(Errc::unreadable, path + ": " + file::last_error().message(),
                      "check the name of the file, and who may read it");
  }
  if ((S_ISREG(info.st_mode) || S_ISFIFO(info.st_mode)) &&
      (info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return make_error(Errc::readable_by_others, path,
                      "take the rights of others away: chmod 600 " + path);
  }
  auto data = file::read_all(file.get(), key_file_limit_bytes);
  if (!data) {
    return make_error(Errc::unreadable, path + ": " + data.error().message(),
                      "check that it is a file of a key");
  }
  return *std::move(data);
}

}  // namespace

std::string_view name_of(KeyType type) {
  return type == KeyType::ed25519 ? "ed25519" : "ecdsa-p256";
}

Result<PublicKey> PublicKey::from_pem(std::string_view pem) {
  const std::size_t begin = pem.find(pem_begin);
  const std::size_t end = pem.find(pem_end);
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) {
    return bad_key("public key");
  }
  const std::size_t text = begin + pem_begin.size();
  const auto der = from_base64(pem.substr(text, end - text));
  if (!der) return bad_key("public key");
  return from_spki_der(*der);
}

Result<PublicKey> PublicKey::from_spki_der(ByteSpan der) {
  if (der.size() == ed25519_prefix.size() + 32 &&
      std::ranges::equal(der.first(ed25519_prefix.size()), ed25519_prefix)) {
    return from_raw(KeyType::ed25519, der.subspan(ed25519_prefix.size()));
  }
  if (const auto key = ec_read_spki(der)) {
    if (key->curve == EcCurve::p256) {
      Bytes raw{0x04};
      append(raw, key->point);
      return PublicKey(KeyType::ecdsa_p256, std::move(raw));
    }
    return make_error(Errc::unsupported_key, "public key", "use Ed25519 or ECDSA P-256");
  }
  const unsigned char* at = der.data();
  const Evp<EVP_PKEY> other(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
  ERR_clear_error();
  if (other == nullptr || at != der.data() + der.size()) return bad_key("public key");
  return make_error(Errc::unsupported_key, "public key", "use Ed25519 or ECDSA P-256");
}

Result<PublicKey> PublicKey::from_raw(KeyType type, ByteSpan raw) {
  if (type == KeyType::ed25519) {
    if (raw.size() != 32) return bad_key("public key");
    return PublicKey(type, Bytes(raw.begin(), raw.end()));
  }
  if (raw.size() == 33) {
    // SEC 1, 2.3.3: a compressed point in a SubjectPublicKeyInfo of its own length.
    Bytes der(p256_prefix.begin(), p256_prefix.end());
    der[1] = 0x39;
    der[24] = 0x22;
    append(der, raw);
    return from_spki_der(der);
  }
  if (raw.size() != 65) return bad_key("public key");
  Bytes der(p256_prefix.begin(), p256_prefix.end());
  append(der, raw);
  return from_spki_der(der);
}

Bytes PublicKey::spki_der() const {
  Bytes der;
  if (type_ == KeyType::ed25519) {
    append(der, ed25519_prefix);
  } else {
    append(der, p256_prefix);
  }
  append(der, raw_);
  return der;
}

std::string PublicKey::pem() const {
  constexpr std::size_t line = 64;  // RFC 7468, 2
  const std::string text = to_base64(spki_der());
  std::string out = std::string(pem_begin) + "\n";
  for (std::size_t at = 0; at < text.size(); at += line) out += text.substr(at, line) + "\n";
  return out + std::string(pem_end) + "\n";
}

bool PublicKey::verify(ByteSpan message, ByteSpan signature) const {
  if (type_ == KeyType::ed25519) return ed25519_verify(raw_, message, signature);
  const auto key = evp_of(*this);
  if (key == nullptr) return false;
  const auto context = own(EVP_MD_CTX_new());
  require(EVP_DigestVerifyInit(context.get(), nullptr, hash_of(type_), nullptr, key.get()) == 1);
  const bool valid = EVP_DigestVerify(context.get(), signature.data(), signature.size(),
                                      message.data(), message.size()) == 1;
  ERR_clear_error();
  return valid;
}

Result<PrivateKey> PrivateKey::from_evp(std::shared_ptr<void> key) {
  unsigned char* der = nullptr;
  const int length = i2d_PUBKEY(evp(key), &der);
  if (length <= 0) return bad_key("private key");
  const Bytes spki(der, der + length);
  OPENSSL_free(der);
  AIOT_TRY(PublicKey its, PublicKey::from_spki_der(spki));
  return PrivateKey(std::move(key), std::move(its));
}

PrivateKey PrivateKey::generate(KeyType type) {
  EVP_PKEY* key = type == KeyType::ed25519 ? EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")
                                           : EVP_EC_gen("prime256v1");
  auto made = from_evp(shared(key));
  require(made.has_value());
  return *std::move(made);
}

Result<PrivateKey> PrivateKey::from_pem(std::string_view pem, const std::string& passphrase) {
  const Bio bio(BIO_new_mem_buf(pem.data(), size_of(as_bytes(pem))));
  require(bio != nullptr);
  Passphrase answer{&passphrase};
  EVP_PKEY* key = PEM_read_bio_PrivateKey(bio.get(), nullptr, Passphrase::answer, &answer);
  ERR_clear_error();
  if (key == nullptr && answer.asked) {
    return passphrase.empty()
               ? make_error(Errc::needs_passphrase, "private key",
                            "put the passphrase into a file that only you may read, and name it")
               : make_error(Errc::wrong_passphrase, "private key", "check the passphrase's file");
  }
  if (key == nullptr) return bad_key("private key");
  return from_evp(shared(key));
}

Result<PrivateKey> PrivateKey::from_raw(KeyType type, ByteSpan secret) {
  if (type == KeyType::ed25519) {
    if (secret.size() != 32) return bad_key("private key");
    return from_evp(shared(
        EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, secret.data(), secret.size())));
  }
  if (!ec_is_secret(EcCurve::p256, secret)) return bad_key("private key");
  return from_evp(shared(p256_from_secret(secret).release()));
}

Result<Bytes> PrivateKey::sign(ByteSpan message) const {
  const auto context = own(EVP_MD_CTX_new());
  require(EVP_DigestSignInit(context.get(), nullptr, hash_of(public_key_.type()), nullptr,
                             evp(key_)) == 1);
  std::size_t length = 0;
  require(EVP_DigestSign(context.get(), nullptr, &length, message.data(), message.size()) == 1);
  Bytes signature(length);
  require(EVP_DigestSign(context.get(), signature.data(), &length, message.data(),
                         message.size()) == 1);
  signature.resize(length);
  return signature;
}

std::string PrivateKey::pem(const std::string& passphrase) const {
  const Bio bio(BIO_new(BIO_s_secmem()));
  require(bio != nullptr);
  const bool plain = passphrase.empty();
  require(PEM_write_bio_PKCS8PrivateKey(bio.get(), evp(key_), plain ? nullptr : EVP_aes_256_cbc(),
                                        plain ? nullptr : passphrase.data(),
                                        plain ? 0 : size_of(as_bytes(passphrase)), nullptr,
                                        nullptr) == 1);
  char* text = nullptr;
  const long length = BIO_get_mem_data(bio.get(), &text);  // NOLINT(google-runtime-int): OpenSSL's
  return {text, static_cast<std::size_t>(length)};
}

Result<void> PrivateKey::write(const std::string& file, const std::string& passphrase) const {
  const auto fail = [&](file::error_code why) {
    if (why == boost::system::errc::file_exists) {
      return make_error(Errc::key_exists, file, "choose another name, or move the old key away");
    }
    return make_error(Errc::unwritable, file + ": " + why.message(),
                      "check the folder, and who may write to it");
  };
  auto part = file::PartFile::create(file, 0600);
  if (!part) return fail(part.error());
  std::string text = pem(passphrase);
  const file::error_code written = file::write_all(part->get(), as_bytes(text));
  OPENSSL_cleanse(text.data(), text.size());
  if (written) return fail(written);
  if (const file::error_code done = part->appear()) return fail(done);
  return {};
}

Result<std::unique_ptr<Signer>> load_signer(const std::string& source, const std::string& secret) {
  if (source.starts_with("pkcs11:")) return open_pkcs11(source, secret);
  AIOT_TRY(Bytes pem, read_private(source));
  auto key = PrivateKey::from_pem(to_string(pem), secret);
  OPENSSL_cleanse(pem.data(), pem.size());
  if (!key) return std::move(key).error().with(source);
  return std::unique_ptr<Signer>(std::make_unique<PrivateKey>(*std::move(key)));
}

Result<std::string> read_secret_line(const std::string& file) {
  AIOT_TRY(const Bytes data, read_private(file));
  const std::string text = to_string(data);
  return text.substr(0, text.find_first_of("\r\n"));
}

}  // namespace aiot::crypto
