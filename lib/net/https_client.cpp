#include "net/https_client.hpp"

#include <fmt/format.h>

#include <array>
#include <limits>

#include "net/error.hpp"
#include "net/tcp_link.hpp"

namespace aiot::net {
namespace {

constexpr std::size_t window_bytes = std::size_t{64} * 1024;
constexpr std::size_t read_bytes = std::size_t{16} * 1024;

Task<std::unique_ptr<Link>> connect_tls(HttpUrl url, TlsContext context, TimePoint deadline) {
  Result<std::unique_ptr<Link>> plain = co_await TcpLink::open(url.host, url.port, deadline);
  if (!plain) co_return std::move(plain).error();
  Result<std::unique_ptr<Link>> link =
      co_await TlsLink::open(*std::move(plain), std::move(context), url.host, deadline);
  co_return link;
}

bool has_content(const HttpMessage& head) { return head.status == 200 || head.status == 206; }

}  // namespace

HttpsClient::HttpsClient(const HttpUrl& url, TlsContext context, Patience patience)
    : HttpsClient([url, context = std::move(context)](
                      TimePoint deadline) { return connect_tls(url, context, deadline); },
                  host_and_port(url.host, url.port), patience) {}

HttpsClient::HttpsClient(Connect connect, std::string host, Patience patience)
    : connect_(std::move(connect)), host_(std::move(host)), patience_(patience) {}

Task<HttpMessage> HttpsClient::get(std::string target, std::uint64_t from, OnPiece on_piece) {
  HttpMessage request = http_request("GET", std::move(target));
  if (from > 0) request.headers.emplace_back("Range", fmt::format("bytes={}-", from));
  Result<HttpMessage> response = co_await send(std::move(request), std::move(on_piece));
  co_return response;
}

Task<HttpMessage> HttpsClient::send(HttpMessage request, OnPiece on_piece) {
  const std::array<std::pair<std::string, std::string>, 2> added = {
      {{"Host", host_}, {"Accept-Encoding", "identity"}}};
  request.headers.insert(request.headers.begin(), added.begin(), added.end());
  const Bytes sent = write_http(request);
  const bool was_open = link_ != nullptr;
  bool answered = false;
  Result<HttpMessage> response = co_await try_send(sent, on_piece, answered);
  // A connection that was kept may have been closed by the server since.
  if (!response && was_open && !answered && response.error().code == Errc::link_lost) {
    response = co_await try_send(sent, on_piece, answered);
  }
  if (!response) link_.reset();
  // What could not connect names the host itself.
  if (!response && response.error().context.starts_with(host_)) co_return response;
  co_return std::move(response).with(host_);
}

TimePoint HttpsClient::end_of(std::chrono::seconds time) const {
  const TimePoint now = link_ ? link_->clock().now() : steady_clock().now();
  return std::min(now + time, patience_.until);
}

Task<HttpMessage> HttpsClient::try_send(ByteSpan request, const OnPiece& on_piece, bool& answered) {
  if (!link_) {
    const TimePoint deadline = end_of(patience_.connect);
    Result<std::unique_ptr<Link>> opened = co_await connect_(deadline);
    if (!opened) co_return std::move(opened).error();
    link_ = *std::move(opened);
  }
  const TimePoint deadline = end_of(patience_.piece);
  Result<void> written = co_await link_->write(request, deadline);
  Result<HttpMessage> response = make_error(Errc::link_lost);
  if (written) {
    response = co_await receive(on_piece, answered);
  } else {
    response = std::move(written).error();
  }
  if (!response || !response->keep_alive) link_.reset();
  co_return response;
}

Task<HttpMessage> HttpsClient::receive(const OnPiece& on_piece, bool& answered) {
  HttpParser parser(HttpParser::Kind::response, std::numeric_limits<std::size_t>::max());
  Bytes buffer(read_bytes);
  std::optional<HttpMessage> head;
  std::size_t window = 0;
  TimePoint deadline = end_of(patience_.piece);
  while (!parser.done()) {
    Result<std::size_t> got = co_await link_->read_some(buffer, deadline);
    if (!got) {
      if (got.error().code != Errc::link_lost || !parser.begun()) co_return std::move(got).error();
      // Without a length, the end of the connection is the end of the body.
      if (!parser.finish()) co_return std::move(got).error();
      break;
    }
    answered = true;
    Result<std::size_t> taken = parser.feed(ByteSpan(buffer).first(*got));
    if (!taken) co_return std::move(taken).error();
    if (*taken < *got) co_return make_error(Errc::protocol, "bytes follow the HTTP response");
    if (!head) head = parser.head();
    const Bytes piece = parser.take_body();
    if (head && has_content(*head) && !piece.empty()) {
      AIOT_CO_CHECK(on_piece(*head, piece));
    }
    window += *got;
    if (window >= window_bytes) {
      window = 0;
      deadline = end_of(patience_.piece);
    }
  }
  HttpMessage response = parser.take();
  const Bytes last = std::exchange(response.body, {});
  if (has_content(response) && !last.empty()) {
    AIOT_CO_CHECK(on_piece(response, last));
  }
  co_return response;
}

}  // namespace aiot::net
