#include "net/http.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <charconv>

#include "net/clock.hpp"
#include "net/error.hpp"
#include "net/tcp_link.hpp"

namespace aiot::net {
namespace {

namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t header_limit = 16 * 1024;

/// One exchange; its handlers keep it.
struct Exchange {
  explicit Exchange(const asio::any_io_executor& executor) : socket(executor) {}
  tcp::socket socket;
  http::request<http::string_body> request;
  boost::beast::flat_buffer buffer{header_limit + 64 * 1024};
  http::response_parser<http::string_body> parser;

  void close() {
    error_code ignored;
    socket.close(ignored);
  }
};

Error no_answer(const error_code& error, const std::string& where) {
  if (error.category() == http::make_error_code(http::error::end_of_stream).category()) {
    return make_error(Errc::protocol, fmt::format("{}: {}", where, error.message()));
  }
  return make_error(Errc::link_lost, fmt::format("{}: {}", where, error.message()));
}

}  // namespace

Result<HttpUrl> parse_http_url(std::string_view url) {
  constexpr std::string_view scheme = "http://";
  const std::string whole(url.substr(0, 256));
  const auto refuse = [&] {
    return make_error(Errc::not_supported, whole + ": not an http:// URL");
  };
  if (!url.starts_with(scheme)) return refuse();
  url.remove_prefix(scheme.size());
  HttpUrl out;
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

namespace {

using Request = http::request<http::string_body>;

/// Sends `request` to `address`, and gives the body of its answer.
Task<std::string> exchange_with(asio::ip::address address, HttpUrl url, Request request,
                                std::size_t limit_bytes, TimePoint deadline) {
  const std::string where = host_and_port(address.to_string(), url.port);
  const auto exchange = std::make_shared<Exchange>(co_await asio::this_coro::executor);
  const auto stop = [exchange] { exchange->close(); };
  const auto connect = [exchange, to = tcp::endpoint(address, url.port)](auto handler) {
    exchange->socket.async_connect(to, [exchange, handler = std::move(handler)](
                                           const error_code& error) mutable { handler(error); });
  };
  auto connected = co_await by_deadline<error_code>(deadline, connect, stop);
  if (!connected) co_return std::move(connected).error();
  if (const auto [error] = *connected; error) co_return no_answer(error, where);

  exchange->request = std::move(request);
  exchange->request.set(http::field::host, host_and_port(url.host, url.port));
  exchange->request.set(http::field::connection, "close");
  exchange->parser.header_limit(header_limit);
  exchange->parser.body_limit(limit_bytes);
  const auto send = [exchange](auto handler) {
    http::async_write(exchange->socket, exchange->request,
                      [exchange, handler = std::move(handler)](
                          const error_code& error, std::size_t) mutable { handler(error); });
  };
  auto sent = co_await by_deadline<error_code>(deadline, send, stop);
  if (!sent) co_return std::move(sent).error();
  if (const auto [error] = *sent; error) co_return no_answer(error, where);

  const auto receive = [exchange](auto handler) {
    http::async_read(exchange->socket, exchange->buffer, exchange->parser,
                     [exchange, handler = std::move(handler)](
                         const error_code& error, std::size_t) mutable { handler(error); });
  };
  auto received = co_await by_deadline<error_code>(deadline, receive, stop);
  exchange->close();
  if (!received) co_return std::move(received).error();
  if (const auto [error] = *received; error) co_return no_answer(error, where);
  const unsigned status = exchange->parser.get().result_int();
  if (status != 200) {
    co_return make_error(Errc::protocol, fmt::format("{}: HTTP status {}", where, status));
  }
  co_return std::move(exchange->parser.get().body());
}

}  // namespace

Task<std::string> http_get(asio::ip::address address, HttpUrl url, std::size_t limit_bytes,
                           TimePoint deadline) {
  Request request{http::verb::get, url.target, 11};
  co_return co_await exchange_with(address, std::move(url), std::move(request), limit_bytes,
                                   deadline);
}

Task<std::string> http_post(asio::ip::address address, HttpUrl url, HttpContent content,
                            std::size_t limit_bytes, TimePoint deadline) {
  Request request{http::verb::post, url.target, 11};
  request.set(http::field::content_type, content.type);
  request.body() = std::move(content.body);
  request.prepare_payload();
  co_return co_await exchange_with(address, std::move(url), std::move(request), limit_bytes,
                                   deadline);
}

}  // namespace aiot::net
