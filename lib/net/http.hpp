#pragma once

#include <boost/asio/ip/address.hpp>
#include <string>
#include <utility>

#include "net/clock.hpp"

namespace aiot::net {

/// Where a plain HTTP URL leads. No user, no other scheme.
struct HttpUrl {
  std::string host;  ///< without brackets
  std::uint16_t port = 80;
  std::string target = "/";  ///< path and query
};
/// Errc::not_supported for anything but http://.
Result<HttpUrl> parse_http_url(std::string_view url);

/// The same for https:// and port 443. The caller gives `target` and `port` to a TLS link.
Result<HttpUrl> parse_https_url(std::string_view url);

/// The body of a GET that is answered with 200, at most `limit_bytes`. Connects to `address`, which
/// the caller knows already, so that a name in a stranger's URL is never looked up; redirects are
/// not followed. Link errors; Errc::protocol for what is no such answer.
Task<std::string> http_get(asio::ip::address address, HttpUrl url, std::size_t limit_bytes,
                           TimePoint deadline);

/// What is sent with a POST.
struct HttpContent {
  HttpContent(std::string its_type, std::string its_body)
      : type(std::move(its_type)), body(std::move(its_body)) {}
  std::string type;  ///< MIME
  std::string body;
};
/// The same for a POST.
Task<std::string> http_post(asio::ip::address address, HttpUrl url, HttpContent content,
                            std::size_t limit_bytes, TimePoint deadline);

}  // namespace aiot::net
