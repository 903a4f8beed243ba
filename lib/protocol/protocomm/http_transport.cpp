#include "protocol/protocomm/http_transport.hpp"

#include <fmt/format.h>

#include "net/http_message.hpp"

namespace aiot::protocomm {
namespace {

constexpr std::size_t longest_answer_bytes = 64 * 1024;
/// protocomm_httpd.c compares no more than this.
constexpr std::size_t longest_cookie_bytes = 64;

}  // namespace

net::Task<Bytes> HttpTransport::exchange(std::string_view endpoint, ByteSpan body,
                                         net::TimePoint deadline) {
  if (!open_) {
    Result<void> again = co_await link_->reopen(deadline);
    if (!again) co_return std::move(again).error();
    open_ = true;
  }
  net::HttpMessage request = net::http_request("POST", fmt::format("/{}", endpoint));
  request.headers.emplace_back("Host", host_);
  request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  request.headers.emplace_back("Accept", "text/plain");
  if (!cookie_.empty()) request.headers.emplace_back("Cookie", cookie_);
  request.body.assign(body.begin(), body.end());
  Result<net::HttpMessage> response =
      co_await net::exchange_http(*link_, std::move(request), longest_answer_bytes, deadline);
  open_ = response.has_value() && response->keep_alive;  // a late answer must not be the next one's
  if (!response) {
    if (response.error().code == net::Errc::link_lost)
      co_return make_error(net::Errc::refused, "the device closed the connection");
    co_return std::move(response).error();
  }
  if (response->status == 404)
    co_return make_error(net::Errc::not_supported, fmt::format("no endpoint {}", endpoint));
  if (response->status != 200)
    co_return make_error(net::Errc::protocol, fmt::format("HTTP status {}", response->status));
  const std::string_view cookie = response->header("Set-Cookie");
  if (!cookie.empty() && cookie.size() <= longest_cookie_bytes)
    cookie_ = cookie.substr(0, cookie.find(';'));
  co_return std::move(response->body);
}

net::Task<void> HttpTransport::restart(net::TimePoint deadline) {
  cookie_.clear();
  open_ = false;
  Result<void> again = co_await link_->reopen(deadline);
  open_ = again.has_value();
  co_return again;
}

}  // namespace aiot::protocomm
