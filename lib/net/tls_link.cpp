#include "net/tls_link.hpp"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>

#include "net/tls_certificate.hpp"
#include "net/tls_reason.hpp"

namespace aiot::net {
namespace {

constexpr std::size_t piece_bytes = 16 * 1024;  // a TLS record's content (RFC 8446, 5.1)

Error bad_file(const std::string& file) {
  const std::string reason = openssl_reason();
  return make_error(Errc::bad_certificate, reason.empty() ? file : file + ": " + reason,
                    "the files are read as PEM; a certificate needs its key");
}

/// An encrypted key: nobody is asked for its password here.
int no_password(char*, int, int, void*) { return 0; }

/// Takes the one certificate whose SHA-256 `pinned` is.
int verify_fingerprint(X509_STORE_CTX* context, void* pinned) {
  crypto::Sha256 found{};
  unsigned int size = 0;
  X509* certificate = X509_STORE_CTX_get0_cert(context);
  if (certificate != nullptr && X509_digest(certificate, EVP_sha256(), found.data(), &size) == 1 &&
      found == *static_cast<const crypto::Sha256*>(pinned)) {
    return 1;
  }
  X509_STORE_CTX_set_error(context, X509_V_ERR_CERT_UNTRUSTED);
  return 0;
}

Result<void> load_files(SSL_CTX* context, const TlsOptions& options) {
  for (const std::string& file : {options.ca_file, options.certificate_file, options.key_file}) {
    AIOT_CHECK(check_pem_file(file));
  }
  if (options.ca_file.empty()) {
    if (!options.fingerprint && SSL_CTX_set_default_verify_paths(context) != 1) {
      return bad_file("certificate authorities");
    }
  } else if (SSL_CTX_load_verify_file(context, options.ca_file.c_str()) != 1) {
    return bad_file(options.ca_file);
  }
  if (!options.certificate_file.empty()) {
    const char* certificate = options.certificate_file.c_str();
    if (SSL_CTX_use_certificate_chain_file(context, certificate) != 1) {
      return bad_file(options.certificate_file);
    }
    const char* key = options.key_file.c_str();
    if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context) != 1) {
      return bad_file(options.key_file);
    }
  }
  return {};
}

/// Where a context keeps the fingerprint that it trusts, for as long as it lives.
int fingerprint_index() {
  static const int index = SSL_CTX_get_ex_new_index(
      0, nullptr, nullptr, nullptr,
      [](void*, void* pinned, CRYPTO_EX_DATA*, int, long, void*) {  // NOLINT
        delete static_cast<crypto::Sha256*>(pinned);
      });
  return index;
}

}  // namespace

std::optional<crypto::Sha256> parse_fingerprint(std::string text) {
  std::erase(text, ':');
  const std::optional<Bytes> bytes = from_hex(text);
  crypto::Sha256 out;
  if (!bytes || bytes->size() != out.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), out.begin());
  return out;
}

Result<TlsContext> TlsContext::make(const TlsOptions& options) {
  ERR_clear_error();
  const std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  if (!context) return make_error(Errc::io, "TLS: " + openssl_reason());
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_default_passwd_cb(context.get(), no_password);
  if (options.fingerprint) {
    auto* pinned = new crypto::Sha256(*options.fingerprint);
    SSL_CTX_set_ex_data(context.get(), fingerprint_index(), pinned);
    SSL_CTX_set_cert_verify_callback(context.get(), verify_fingerprint, pinned);
  }
  AIOT_CHECK(load_files(context.get(), options));
  Bytes protocols;
  for (const std::string& name : options.alpn) {
    protocols.push_back(static_cast<std::uint8_t>(name.size()));
    append(protocols, as_bytes(name));
  }
  if (!protocols.empty() && SSL_CTX_set_alpn_protos(context.get(), protocols.data(),
                                                    static_cast<unsigned>(protocols.size())) != 0) {
    return make_error(Errc::io, "TLS: " + openssl_reason());
  }
  return TlsContext(context);
}

TlsLink::TlsLink(std::unique_ptr<Link> inner, TlsContext context, std::string host)
    : inner_(std::move(inner)),
      context_(std::move(context)),
      host_(std::move(host)),
      info_(inner_->info()),
      buffer_(2 * piece_bytes) {
  info_.kind = "tls";
}

Task<std::unique_ptr<Link>> TlsLink::open(std::unique_ptr<Link> inner, TlsContext context,
                                          std::string host, TimePoint deadline) {
  std::unique_ptr<TlsLink> link(new TlsLink(std::move(inner), std::move(context), std::move(host)));
  Result<void> done = co_await link->shake_hands(deadline);
  if (!done) co_return std::move(done).error();
  std::unique_ptr<Link> out = std::move(link);
  co_return out;
}

/// A new session, with the name that the certificate must have.
Result<void> TlsLink::prepare() {
  ERR_clear_error();
  ssl_.reset(SSL_new(context_.context_.get()), SSL_free);
  received_ = BIO_new(BIO_s_mem());
  pending_ = BIO_new(BIO_s_mem());
  if (!ssl_ || received_ == nullptr || pending_ == nullptr) {
    return make_error(Errc::io, "TLS: " + openssl_reason());
  }
  SSL_set_bio(ssl_.get(), received_, pending_);
  SSL_set_connect_state(ssl_.get());
  boost::system::error_code not_literal;
  asio::ip::make_address(host_, not_literal);
  int set = 0;
  if (not_literal) {
    SSL_set_hostflags(ssl_.get(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    set = SSL_set1_host(ssl_.get(), host_.c_str());
    SSL_set_tlsext_host_name(ssl_.get(), host_.c_str());
  } else {
    set = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_.get()), host_.c_str());
  }
  if (set != 1) return make_error(Errc::untrusted, host_ + ": a certificate cannot name it");
  return {};
}

/// Why OpenSSL gave up: its own check, or an alert of the other end.
Error TlsLink::failure() const {
  std::string reason = openssl_reason();
  if (reason.empty()) reason = "the other end broke TLS";
  if (const long verified = SSL_get_verify_result(ssl_.get());  // NOLINT(google-runtime-int)
      verified != X509_V_OK) {
    reason += std::string(" (") + X509_verify_cert_error_string(verified) + ")";
  }
  return make_error(Errc::untrusted, std::move(reason),
                    "check the certificate authority, the host's name and our certificate");
}

Task<void> TlsLink::shake_hands(TimePoint deadline) {
  AIOT_CO_CHECK(prepare());
  for (;;) {
    ERR_clear_error();
    const int done = SSL_do_handshake(ssl_.get());
    const int why = SSL_get_error(ssl_.get(), done);
    std::optional<Error> failed;
    if (done != 1 && why != SSL_ERROR_WANT_READ) failed = failure();
    Result<void> sent = co_await send_pending(deadline);  // an alert, too
    if (failed) co_return *std::move(failed);
    AIOT_CO_CHECK(std::move(sent));
    if (done == 1) co_return Result<void>();
    // A peer that sends without end does not get more time.
    if (clock().now() >= deadline) co_return make_error(Errc::timed_out, "TLS handshake");
    Result<void> got = co_await receive(deadline);
    AIOT_CO_CHECK(std::move(got));
  }
}

Task<void> TlsLink::send_pending(TimePoint deadline) {
  // A copy: a reader may add to what is pending while this waits.
  Bytes out(BIO_ctrl_pending(pending_));
  if (out.empty()) co_return Result<void>();
  BIO_read(pending_, out.data(), static_cast<int>(out.size()));
  Result<void> written = co_await inner_->write(out, deadline);
  co_return written;
}

Task<void> TlsLink::receive(TimePoint deadline) {
  Result<std::size_t> count = co_await inner_->read_some(buffer_, deadline);
  if (!count) co_return std::move(count).error();
  BIO_write(received_, buffer_.data(), static_cast<int>(*count));
  co_return Result<void>();
}

Task<std::size_t> TlsLink::read_some(std::span<std::uint8_t> buffer, TimePoint deadline) {
  for (;;) {
    if (clock().now() >= deadline) co_return make_error(Errc::timed_out);
    ERR_clear_error();
    std::size_t count = 0;
    const int done = SSL_read_ex(ssl_.get(), buffer.data(), buffer.size(), &count);
    if (done == 1) co_return count;
    switch (SSL_get_error(ssl_.get(), done)) {
      case SSL_ERROR_WANT_READ: break;
      case SSL_ERROR_ZERO_RETURN: co_return make_error(Errc::link_lost, "closed by the other end");
      default: co_return failure();
    }
    // What OpenSSL has to answer, to a change of keys, goes out with the next write (RFC 8446,
    // 4.6.3).
    Result<void> got = co_await receive(deadline);
    if (!got) co_return std::move(got).error();
  }
}

Task<void> TlsLink::write(ByteSpan data, TimePoint deadline) {
  while (!data.empty()) {
    const ByteSpan piece = data.first(std::min(data.size(), piece_bytes));
    ERR_clear_error();
    std::size_t count = 0;
    if (SSL_write_ex(ssl_.get(), piece.data(), piece.size(), &count) != 1) co_return failure();
    data = data.subspan(count);
    Result<void> sent = co_await send_pending(deadline);
    AIOT_CO_CHECK(std::move(sent));
  }
  co_return Result<void>();
}

Task<void> TlsLink::discard_input() {
  // Ciphertext is a stream: only what has been received whole can be left out.
  Bytes drop(piece_bytes);
  std::size_t count = 0;
  while (SSL_read_ex(ssl_.get(), drop.data(), drop.size(), &count) == 1) {
  }
  ERR_clear_error();
  co_return Result<void>();
}

Task<void> TlsLink::reopen(TimePoint deadline) {
  Result<void> open = co_await inner_->reopen(deadline);
  AIOT_CO_CHECK(std::move(open));
  Result<void> done = co_await shake_hands(deadline);
  co_return done;
}

}  // namespace aiot::net
