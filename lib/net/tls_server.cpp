#include "net/tls_server.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "net/error.hpp"
#include "net/tls_certificate.hpp"
#include "net/tls_reason.hpp"

namespace aiot::net {

namespace {

/// OpenSSL's face of a socket: as its own, but a connection that is gone raises no signal. No
/// MSG_MORE: where the kernel gathers records, sending costs half as much again.
struct TlsWire {
  static int of(BIO* bio) { return *static_cast<const int*>(BIO_get_data(bio)); }
  static bool try_again() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }
  static int write(BIO* bio, const char* data, std::size_t size, std::size_t* written) {
    BIO_clear_retry_flags(bio);
    const ssize_t sent = ::send(of(bio), data, size, MSG_NOSIGNAL);
    if (sent < 0 && try_again()) BIO_set_retry_write(bio);
    *written = sent > 0 ? static_cast<std::size_t>(sent) : 0;
    return sent > 0 ? 1 : 0;
  }
  static int read(BIO* bio, char* data, std::size_t size, std::size_t* count) {
    BIO_clear_retry_flags(bio);
    const ssize_t got = ::recv(of(bio), data, size, 0);
    if (got < 0 && try_again()) BIO_set_retry_read(bio);
    if (got == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    *count = got > 0 ? static_cast<std::size_t>(got) : 0;
    return got > 0 ? 1 : 0;
  }
  static long control(BIO* bio, int command, long,
                      void*) {  // NOLINT(google-runtime-int): OpenSSL's
    if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
    return command == BIO_CTRL_FLUSH || command == BIO_CTRL_DUP ? 1 : 0;
  }
  static BIO_METHOD* method() {
    static BIO_METHOD* const made = [] {
      BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
      BIO_meth_set_write_ex(method, write);
      BIO_meth_set_read_ex(method, read);
      BIO_meth_set_ctrl(method, control);
      return method;
    }();
    return made;
  }
};

Error bad_server_file(const std::string& file) {
  const std::string reason = openssl_reason();
  return make_error(Errc::bad_certificate, reason.empty() ? file : file + ": " + reason,
                    "the files are read as PEM; a certificate needs its key");
}

int no_server_password(char*, int, int, void*) { return 0; }

int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_length,
                    const unsigned char* in, unsigned in_length, void*) {
  static constexpr std::array<unsigned char, 9> ours = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  unsigned char* chosen = nullptr;
  const int found =
      SSL_select_next_proto(&chosen, out_length, ours.data(), ours.size(), in, in_length);
  *out = chosen;
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

/// Sessions live in the clients' tickets alone.
void set_sessions(SSL_CTX* context, SSL_CTX* previous) {
  static constexpr std::array<unsigned char, 4> name = {'a', 'i', 'o', 't'};
  SSL_CTX_set_session_id_context(context, name.data(), name.size());
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 1);
  SSL_CTX_set_timeout(context, 24L * 60 * 60);
  if (previous == nullptr) return;
  std::array<unsigned char, 80> keys{};  // a name and two keys
  if (SSL_CTX_get_tlsext_ticket_keys(previous, keys.data(), keys.size()) == 1) {
    SSL_CTX_set_tlsext_ticket_keys(context, keys.data(), keys.size());
  }
  OPENSSL_cleanse(keys.data(), keys.size());
}

}  // namespace

Result<TlsServerContext> TlsServerContext::make(const TlsServerOptions& options,
                                                const TlsServerContext* previous) {
  for (const std::string& file :
       {options.certificate_file, options.key_file, options.client_ca_file}) {
    AIOT_CHECK(check_pem_file(file));
  }
  ERR_clear_error();
  const std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (!context) return make_error(Errc::io, "TLS: " + openssl_reason());
  SSL_CTX* const made = context.get();
  SSL_CTX_set_min_proto_version(made, TLS1_2_VERSION);
  // A device that closes without a word has read all that Content-Length says.
  SSL_CTX_set_options(made, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_mode(made, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                             SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN);
  SSL_CTX_set_read_ahead(made, 1);  // a record's header and its body in one read
  SSL_CTX_set_default_passwd_cb(made, no_server_password);
  SSL_CTX_set_alpn_select_cb(made, choose_protocol, nullptr);
  if (SSL_CTX_use_certificate_chain_file(made, options.certificate_file.c_str()) != 1) {
    return bad_server_file(options.certificate_file);
  }
  if (SSL_CTX_use_PrivateKey_file(made, options.key_file.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(made) != 1) {
    return bad_server_file(options.key_file);
  }
  const bool asks = !options.client_ca_file.empty();
  if (asks) {
    const char* file = options.client_ca_file.c_str();
    STACK_OF(X509_NAME)* names = SSL_load_client_CA_file(file);
    if (names == nullptr || SSL_CTX_load_verify_file(made, file) != 1) {
      sk_X509_NAME_pop_free(names, X509_NAME_free);
      return bad_server_file(options.client_ca_file);
    }
    SSL_CTX_set_client_CA_list(made, names);
    const int required = options.client_required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
    SSL_CTX_set_verify(made, SSL_VERIFY_PEER | required, nullptr);
  }
  set_sessions(made, previous != nullptr && !asks ? previous->context_.get() : nullptr);
  return TlsServerContext(context);
}

TlsSession::TlsSession(const TlsServerContext& context, int socket)
    : socket_(socket), ssl_(SSL_new(context.context_.get())) {
  BIO* bio = BIO_new(TlsWire::method());
  if (ssl_ == nullptr || bio == nullptr) throw std::bad_alloc();
  BIO_set_data(bio, &socket_);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_, bio, bio);
  SSL_set_accept_state(ssl_);
}

TlsSession::~TlsSession() { SSL_free(ssl_); }

TlsSession::Status TlsSession::status(int result) {
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_NONE: return Status::done;
    case SSL_ERROR_WANT_READ: return Status::want_read;
    case SSL_ERROR_WANT_WRITE: return Status::want_write;
    case SSL_ERROR_ZERO_RETURN: return Status::closed;
    default: return Status::failed;
  }
}

TlsSession::Status TlsSession::handshake() {
  ERR_clear_error();
  return status(SSL_do_handshake(ssl_));
}

TlsSession::Status TlsSession::read(std::span<std::uint8_t> buffer, std::size_t& count) {
  ERR_clear_error();
  return status(SSL_read_ex(ssl_, buffer.data(), buffer.size(), &count));
}

TlsSession::Status TlsSession::write(ByteSpan data, std::size_t& count) {
  ERR_clear_error();
  return status(SSL_write_ex(ssl_, data.data(), data.size(), &count));
}

void TlsSession::shut_down() {
  ERR_clear_error();
  if (SSL_is_init_finished(ssl_) == 1) SSL_shutdown(ssl_);
}

bool TlsSession::resumed() const { return SSL_session_reused(ssl_) == 1; }

const char* TlsSession::version() const { return SSL_get_version(ssl_); }

std::string TlsSession::client_name() const {
  const X509* certificate = SSL_get0_peer_certificate(ssl_);
  if (certificate == nullptr || SSL_get_verify_result(ssl_) != X509_V_OK) return {};
  const X509_NAME* subject = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0) return {};
  unsigned char* text = nullptr;
  const int size =
      ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  if (size < 0) return {};
  std::string name(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
  OPENSSL_free(text);
  return name;
}

}  // namespace aiot::net
