#include "job/ota/install/fetch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "core/without_password.hpp"
#include "job/ota/error.hpp"

namespace aiot::ota {
namespace {

/// The first byte of "bytes 300-999/1000"; nullopt for anything else.
std::optional<std::uint64_t> range_start(std::string_view text) {
  constexpr std::string_view unit = "bytes ";
  if (!text.starts_with(unit)) return std::nullopt;
  text.remove_prefix(unit.size());
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end == text.data() + text.size() || *end != '-') return std::nullopt;
  return out;
}

/// Percent-encodes what a path may not hold (RFC 3986, 3.3).
std::string encode_path(std::string_view path) {
  std::string out;
  for (const char c : path) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("/-._~!$&'()*+,;=:@").find(c) != std::string_view::npos;
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

class HttpsFetch final : public Fetch {
 public:
  HttpsFetch(const net::HttpUrl& url, net::TlsContext context, net::Clock& clock,
             net::TimePoint until)
      : client_(url, std::move(context), {.until = until}),
        base_(url.target),
        clock_(clock),
        until_(until) {}

  net::Task<bool> get(std::string path, std::uint64_t from, OnBytes on_bytes) override {
    std::uint64_t skip = 0;  // of a server that sends the whole file
    bool begun = false;
    net::OnPiece take = [&](const net::HttpMessage& head, ByteSpan piece) -> Result<void> {
      if (!begun && from > 0) {
        const bool is_part = head.status == 206;
        if (is_part && range_start(head.header("Content-Range")) != from) {
          return make_error(Errc::http_status, path + ": another range than the one asked for",
                            "use a server that serves ranges as RFC 9110 has them");
        }
        if (!is_part) skip = from;
      }
      begun = true;
      const auto skipped = static_cast<std::size_t>(std::min<std::uint64_t>(skip, piece.size()));
      skip -= skipped;
      piece = piece.subspan(skipped);
      return piece.empty() ? Result<void>() : on_bytes(piece);
    };
    const std::string target = base_ + encode_path(path);
    Result<net::HttpMessage> response = co_await client_.get(target, from, take);
    if (!response && clock_.now() >= until_) {
      co_return make_error(Errc::device_timeout, path, "check the server, or allow more time");
    }
    if (!response) co_return with_action(std::move(response).error(), "server");
    const unsigned status = response->status;
    if (status == 200 || status == 206) co_return true;
    if (status == 404 || status == 403 || status == 410) co_return false;
    if (status == 416) co_return true;  // nothing lies behind `from`
    co_return make_error(Errc::http_status, fmt::format("{}: HTTP status {}", path, status),
                         status >= 500 ? "try again later" : "check the URL and the server");
  }
  void close() override { client_.close(); }

 private:
  net::HttpsClient client_;
  std::string base_;
  net::Clock& clock_;
  net::TimePoint until_;
};

}  // namespace

Error bad_https_url(const std::string& url) {
  return make_error(Errc::bad_url, without_password(url).substr(0, 256),
                    url.starts_with("http://")
                        ? "serve it over https://: over plain HTTP anybody on the way may withhold "
                          "or replace what is sent"
                        : "write it as https://HOST/PATH");
}

Result<net::TlsContext> tls_context(const ServerTrust& trust) {
  net::TlsOptions options;
  options.ca_file = trust.ca_file;
  options.alpn = {"http/1.1"};
  if (!trust.fingerprint.empty()) {
    options.fingerprint = net::parse_fingerprint(trust.fingerprint);
    if (!options.fingerprint) {
      return make_error(Errc::bad_url, "fingerprint " + trust.fingerprint.substr(0, 128),
                        "give the SHA-256 of the server's certificate, 64 hexadecimal digits");
    }
  }
  return net::TlsContext::make(options);
}

Result<std::unique_ptr<Fetch>> fetch_https(const std::string& url, const ServerTrust& trust,
                                           net::Clock& clock, std::chrono::milliseconds timeout) {
  auto parsed = net::parse_https_url(url);
  if (!parsed) {
    return bad_https_url(url);
  }
  if (!parsed->target.ends_with('/')) parsed->target += '/';
  AIOT_TRY(net::TlsContext context, tls_context(trust));
  std::unique_ptr<Fetch> out = std::make_unique<HttpsFetch>(
      *parsed, std::move(context), clock,
      timeout.count() > 0 ? clock.now() + timeout : net::TimePoint::max());
  return out;
}

}  // namespace aiot::ota
