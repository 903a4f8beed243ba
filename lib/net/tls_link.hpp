#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crypto/digest.hpp"
#include "net/link.hpp"

struct ssl_ctx_st;
struct ssl_st;
struct bio_st;

namespace aiot::net {

/// Whom a TLS client trusts, and as whom it comes. Files are PEM.
struct TlsOptions {
  std::string ca_file;           ///< certificate authorities; "": those of this machine
  std::string certificate_file;  ///< our certificate with its chain; "": none
  std::string key_file;          ///< its key, not encrypted
  /// Application protocols, the preferred one first (RFC 7301).
  std::vector<std::string> alpn = {};
  /// SHA-256 of the DER of the one certificate that is trusted, with any issuer and any name.
  /// Authorities do not count then.
  std::optional<crypto::Sha256> fingerprint = {};
};

/// 64 hexadecimal digits, with or without colons: what TlsOptions::fingerprint is written as.
std::optional<crypto::Sha256> parse_fingerprint(std::string text);

/// The options with their files read: TLS 1.2 or newer, the server's chain and name verified.
/// Cheap to copy.
class TlsContext {
 public:
  /// Errc::bad_certificate for a file that cannot be used.
  static Result<TlsContext> make(const TlsOptions& options);

 private:
  friend class TlsLink;
  explicit TlsContext(std::shared_ptr<ssl_ctx_st> context) : context_(std::move(context)) {}
  std::shared_ptr<ssl_ctx_st> context_;
};

/// The client's side of TLS over any link. Reading and writing may go on at the same time, each by
/// one coroutine.
class TlsLink final : public Link {
 public:
  /// Takes `inner`, and ends the handshake by the deadline. `host` is what the certificate must be
  /// for: a name or an IP address. Errc::untrusted says why the other end, or this one, is not
  /// trusted; link errors of `inner`.
  static Task<std::unique_ptr<Link>> open(std::unique_ptr<Link> inner, TlsContext context,
                                          std::string host, TimePoint deadline);

  const LinkInfo& info() const override { return info_; }
  Clock& clock() override { return inner_->clock(); }
  Task<std::size_t> read_some(std::span<std::uint8_t> buffer, TimePoint deadline) override;
  Task<void> write(ByteSpan data, TimePoint deadline) override;
  Task<void> drain(TimePoint deadline) override { return inner_->drain(deadline); }
  Task<void> discard_input() override;
  Task<void> set_baud(std::uint32_t baud_bps) override { return inner_->set_baud(baud_bps); }
  Task<void> set_lines(std::span<const LineStep> steps) override {
    return inner_->set_lines(steps);
  }
  /// Opens `inner` again, with a new handshake.
  Task<void> reopen(TimePoint deadline) override;
  void close() override { inner_->close(); }

 private:
  TlsLink(std::unique_ptr<Link> inner, TlsContext context, std::string host);
  Result<void> prepare();
  Task<void> shake_hands(TimePoint deadline);
  Task<void> send_pending(TimePoint deadline);
  Task<void> receive(TimePoint deadline);
  Error failure() const;

  std::unique_ptr<Link> inner_;
  TlsContext context_;
  std::string host_;
  LinkInfo info_;
  std::shared_ptr<ssl_st> ssl_;
  bio_st* received_ = nullptr;  // owned by ssl_: what the other end has sent
  bio_st* pending_ = nullptr;   // owned by ssl_: what is to be sent
  Bytes buffer_;
};

}  // namespace aiot::net
