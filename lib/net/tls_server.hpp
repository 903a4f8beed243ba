#pragma once

#include <memory>
#include <span>
#include <string>
#include <utility>

#include "aiot/bytes.hpp"
#include "aiot/result.hpp"

struct ssl_ctx_st;
struct ssl_st;

namespace aiot::net {

/// As whom a TLS server comes, and whom it lets in. Files are PEM.
struct TlsServerOptions {
  std::string certificate_file;  ///< with its chain; ECDSA costs a server least
  std::string key_file;          ///< its key, not encrypted
  std::string client_ca_file;    ///< authorities of client certificates; "": none is asked for
  bool client_required = false;  ///< a client without a certificate is refused
};

/// TLS 1.3 and 1.2, with session tickets and ALPN "http/1.1". Cheap to copy.
class TlsServerContext {
 public:
  /// Errc::bad_certificate for a file that cannot be used. Tickets of `previous` stay valid, unless
  /// client certificates are checked: those are checked anew.
  static Result<TlsServerContext> make(const TlsServerOptions& options,
                                       const TlsServerContext* previous = nullptr);

 private:
  friend class TlsSession;
  explicit TlsServerContext(std::shared_ptr<ssl_ctx_st> context) : context_(std::move(context)) {}
  std::shared_ptr<ssl_ctx_st> context_;
};

/// A server's side of TLS on one non-blocking socket, which it neither waits for nor closes: the
/// caller waits for what Status says, then makes the same call again. Idle, it holds no buffers.
class TlsSession {
 public:
  enum class Status { done, want_read, want_write, closed, failed };

  TlsSession(const TlsServerContext& context, int socket);
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;
  ~TlsSession();

  Status handshake();
  /// At least one byte into `buffer` when done; `count` says how many.
  Status read(std::span<std::uint8_t> buffer, std::size_t& count);
  /// At most one record (16 KiB) of `data`. After want_write the same bytes come again.
  Status write(ByteSpan data, std::size_t& count);
  /// Sends close_notify: nothing follows.
  void shut_down();

  bool resumed() const;
  const char* version() const;  ///< "TLSv1.3"
  /// Of the client's certificate, which was verified: its common name; "" without one.
  std::string client_name() const;

 private:
  Status status(int result);

  int socket_;
  ssl_st* ssl_ = nullptr;
};

}  // namespace aiot::net
