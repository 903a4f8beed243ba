#pragma once

#include <functional>
#include <memory>
#include <string>

#include "net/https_client.hpp"

namespace aiot::ota {

/// Takes a piece of a file; an error ends the transfer.
using OnBytes = std::function<Result<void>(ByteSpan)>;

/// Where an installation gets the files of a repository from. Tests pass a scripted one.
class Fetch {
 public:
  virtual ~Fetch() = default;
  /// Gives the bytes of `path`, below the repository, from byte `from` on to `on_bytes`, in their
  /// order. False when the server does not have the file. Link errors, after some bytes as well;
  /// Errc::http_status; errors of `on_bytes`.
  virtual net::Task<bool> get(std::string path, std::uint64_t from, OnBytes on_bytes) = 0;
  /// Lets go of what belongs to the loop that get() ran on.
  virtual void close() {}
};

/// Whom to trust as the server.
struct ServerTrust {
  std::string ca_file;  ///< PEM; "" for the authorities of this machine
  std::string
      fingerprint;  ///< SHA-256 of its certificate, hexadecimal, colons allowed; "" for none
};

/// What to say of a URL that is none of https://.
Error bad_https_url(const std::string& url);

/// Errc::bad_url for a fingerprint that is none, errors of the certificate's file.
Result<net::TlsContext> tls_context(const ServerTrust& trust);

/// A repository at an https:// URL. Errc::bad_url, errors of the certificate's file. What has not
/// arrived when `timeout` is over is Errc::device_timeout; 0 is no limit.
Result<std::unique_ptr<Fetch>> fetch_https(const std::string& url, const ServerTrust& trust,
                                           net::Clock& clock, std::chrono::milliseconds timeout);

}  // namespace aiot::ota
