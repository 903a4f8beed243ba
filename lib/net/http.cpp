#include "net/http.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "net/clock.hpp"
#include "net/error.hpp"
#include "net/http_message.hpp"
#include "net/tcp_link.hpp"

namespace aiot::net {

namespace {

/// The URL of a scheme such as "http://".
Result<HttpUrl> parse_url(std::string_view url, std::string_view scheme, std::uint16_t port_of_it) {
  const std::string whole(url.substr(0, 256));
  const auto refuse = [&] {
    return make_error(Errc::not_supported, fmt::format("{}: not an {} URL", whole, scheme));
  };
  if (!url.starts_with(scheme)) return refuse();
  url.remove_prefix(scheme.size());
  HttpUrl out;
  out.port = port_of_it;
  const auto slash = url.find_first_of("/?#");
  std::string_view authority = url.substr(0, slash);
  if (slash != std::string_view::npos) {
    const std::string_view target = url.substr(slash, url.find('#') - slash);
    out.target = target.starts_with('/') ? std::string(target) : "/" + std::string(target);
  }
  std::string_view port;
  if (authority.starts_with('[')) {
    const auto end = authority.find(']');
    if (end == std::string_view::npos) return refuse();
    out.host = authority.substr(1, end - 1);
    authority.remove_prefix(end + 1);
    if (authority.starts_with(':')) port = authority.substr(1);
  } else {
    const auto colon = authority.find(':');
    out.host = authority.substr(0, colon);
    if (colon != std::string_view::npos) port = authority.substr(colon + 1);
  }
  const bool plain =
      std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c != '\x7F'; });
  if (out.host.empty() || out.host.find('@') != std::string::npos || !plain) return refuse();
  if (!port.empty()) {
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
    if (error != std::errc() || end != port.data() + port.size() || out.port == 0) return refuse();
  }
  return out;
}

/// Sends `request` to `address`, and gives the body of its answer.
Task<std::string> exchange_with(asio::ip::address address, HttpUrl url, HttpMessage request,
                                std::size_t limit_bytes, TimePoint deadline) {
  const std::string where = host_and_port(address.to_string(), url.port);
  Result<std::unique_ptr<Link>> link =
      co_await TcpLink::open(address.to_string(), url.port, deadline);
  if (!link) co_return std::move(link).error();
  request.headers.emplace_back("Host", host_and_port(url.host, url.port));
  request.keep_alive = false;
  Result<HttpMessage> response =
      co_await exchange_http(**link, std::move(request), limit_bytes, deadline);
  if (!response) co_return std::move(response).error().with(where);
  if (response->status != 200)
    co_return make_error(Errc::protocol,
                         fmt::format("{}: HTTP status {}", where, response->status));
  co_return to_string(response->body);
}

}  // namespace

Result<HttpUrl> parse_http_url(std::string_view url) { return parse_url(url, "http://", 80); }

Result<HttpUrl> parse_https_url(std::string_view url) { return parse_url(url, "https://", 443); }

Task<std::string> http_get(asio::ip::address address, HttpUrl url, std::size_t limit_bytes,
                           TimePoint deadline) {
  HttpMessage request = http_request("GET", url.target);
  co_return co_await exchange_with(address, std::move(url), std::move(request), limit_bytes,
                                   deadline);
}

Task<std::string> http_post(asio::ip::address address, HttpUrl url, HttpContent content,
                            std::size_t limit_bytes, TimePoint deadline) {
  HttpMessage request = http_request("POST", url.target);
  request.headers.emplace_back("Content-Type", content.type);
  const ByteSpan body = as_bytes(content.body);
  request.body.assign(body.begin(), body.end());
  co_return co_await exchange_with(address, std::move(url), std::move(request), limit_bytes,
                                   deadline);
}

}  // namespace aiot::net
