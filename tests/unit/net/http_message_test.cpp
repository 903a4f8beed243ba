#include "net/http_message.hpp"

#include <doctest/doctest.h>

#include "show.hpp"
#include "support/scripted_link.hpp"

using namespace aiot;
using namespace aiot::net;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t limit = 1000;

Bytes bytes(std::string_view text) { return Bytes(text.begin(), text.end()); }

/// Every message in `stream`, fed in pieces of `piece` bytes; nullopt when it is refused.
std::optional<std::vector<HttpMessage>> messages(HttpParser::Kind kind, std::string_view stream,
                                                 std::size_t piece, bool ends = false) {
  HttpParser parser(kind, limit);
  std::vector<HttpMessage> out;
  ByteSpan left = as_bytes(stream);
  while (!left.empty()) {
    const Result<std::size_t> taken = parser.feed(left.first(std::min(piece, left.size())));
    if (!taken) return std::nullopt;
    left = left.subspan(*taken);
    if (parser.done()) out.push_back(parser.take());
  }
  if (ends && parser.begun()) {
    if (!parser.finish()) return std::nullopt;
    out.push_back(parser.take());
  }
  return out;
}

// RFC 9112, section 2.1 shows the form; RFC 9110, section 3.9 the exchange.
constexpr std::string_view two_requests =
    "POST /prov-session HTTP/1.1\r\nHost: 192.168.4.1\r\nContent-Length: 4\r\n\r\n\x10\x01R\x01"
    "GET /hello.txt HTTP/1.1\r\nHost: www.example.com\r\nConnection: close\r\n\r\n";

// RFC 9112, section 7.1: chunks, an extension, a trailer.
constexpr std::string_view chunked =
    "HTTP/1.1 100 Continue\r\n\r\n"
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    "5\r\nHello\r\n7;x=y\r\n, world\r\n0\r\nExpires: never\r\n\r\nrest";

}  // namespace

TEST_CASE("messages are taken from pieces of any size") {
  for (std::size_t piece = 1; piece < 200; ++piece) {
    CAPTURE(piece);
    const auto requests = messages(HttpParser::Kind::request, two_requests, piece);
    REQUIRE(requests);
    REQUIRE(requests->size() == 2);
    const HttpMessage& post = requests->at(0);
    CHECK(post.method == "POST");
    CHECK(post.target == "/prov-session");
    CHECK(post.status == 0);
    CHECK(post.body == Bytes{0x10, 0x01, 'R', 0x01});
    CHECK(post.keep_alive);
    CHECK(post.header("host") == "192.168.4.1");
    CHECK(post.header("cookie").empty());
    CHECK(requests->at(1).method == "GET");
    CHECK_FALSE(requests->at(1).keep_alive);
  }
}

TEST_CASE("interim responses without end are an error") {
  HttpParser parser(HttpParser::Kind::response, 1000);
  const std::string_view interim = "HTTP/1.1 100 Continue\r\n\r\n";
  bool failed = false;
  for (int i = 0; i < 20 && !failed; ++i) failed = !parser.feed(as_bytes(interim)).has_value();
  CHECK(failed);
}

TEST_CASE("a chunked response, behind an interim one") {
  for (std::size_t piece = 1; piece <= chunked.size(); ++piece) {
    CAPTURE(piece);
    HttpParser parser(HttpParser::Kind::response, limit);
    ByteSpan left = as_bytes(chunked);
    while (!parser.done()) {
      const Result<std::size_t> taken = parser.feed(left.first(std::min(piece, left.size())));
      REQUIRE(taken);
      left = left.subspan(*taken);
    }
    const HttpMessage message = parser.take();
    CHECK(message.status == 200);
    CHECK(to_string(message.body) == "Hello, world");
    CHECK(to_string(left) == "rest");
  }
}

TEST_CASE("a body that ends with the connection") {
  constexpr std::string_view old = "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nall of it";
  for (std::size_t piece = 1; piece <= old.size(); ++piece) {
    const auto got = messages(HttpParser::Kind::response, old, piece, true);
    REQUIRE(got);
    REQUIRE(got->size() == 1);
    CHECK(to_string(got->at(0).body) == "all of it");
    CHECK_FALSE(got->at(0).keep_alive);
  }
  CHECK_FALSE(messages(HttpParser::Kind::response, old.substr(0, 20), 7, true));
  CHECK_FALSE(messages(HttpParser::Kind::response,
                       "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfour", 9, true));
  HttpParser silent(HttpParser::Kind::response, limit);
  CHECK_FALSE(silent.finish());
}

TEST_CASE("limits and garbage are refused, whatever the pieces") {
  const std::string long_header = "GET / HTTP/1.1\r\nX: " + std::string(9000, 'x') + "\r\n\r\n";
  const std::string long_target = "GET /" + std::string(9000, 'x');
  const std::string long_body = "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n";
  const std::string huge_body = "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n";
  const std::string long_stream = "HTTP/1.1 200 OK\r\n\r\n" + std::string(1001, 'x');
  const std::string long_chunk =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + std::string(1001, 'x');
  for (const std::size_t piece : {std::size_t{1}, std::size_t{100}, std::size_t{100000}}) {
    CAPTURE(piece);
    using enum HttpParser::Kind;
    CHECK_FALSE(messages(request, long_header, piece));
    CHECK_FALSE(messages(request, long_target, piece));
    CHECK_FALSE(messages(request, "\x16\x03\x01\x02\x00\x01\r\n\r\n", piece));
    CHECK_FALSE(messages(request, "GET / HTTP/1.1\r\nno colon\r\n\r\n", piece));
    CHECK_FALSE(messages(response, long_body, piece));
    CHECK_FALSE(messages(response, huge_body, piece));
    CHECK_FALSE(messages(response, long_stream, piece));
    CHECK_FALSE(messages(response, long_chunk, piece));
    CHECK_FALSE(messages(response, "GET / HTTP/1.1\r\n\r\n", piece));
    CHECK(messages(response, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", piece));
  }
  HttpParser parser(HttpParser::Kind::request, limit);
  CHECK_FALSE(parser.feed(as_bytes("\x01\x02\r\n\r\n")));
  CHECK(parser.feed(as_bytes(two_requests)).error().code == net::Errc::protocol);
}

TEST_CASE("what is written is what is read") {
  HttpMessage request = http_request("POST", "/proto-ver");
  request.headers.emplace_back("Host", "192.168.4.1");
  request.headers.emplace_back("Cookie", "session=7\r\nX-Evil: 1");
  request.headers.emplace_back("content-length", "99");
  request.body = bytes("---");
  CHECK(to_string(write_http(request)) ==
        "POST /proto-ver HTTP/1.1\r\nHost: 192.168.4.1\r\nCookie: session=7  X-Evil: 1\r\n"
        "Content-Length: 3\r\n\r\n---");
  HttpMessage missing = http_response(404);
  missing.keep_alive = false;
  CHECK(to_string(write_http(missing)) ==
        "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  CHECK(to_string(write_http(http_request("GET", "/"))) == "GET / HTTP/1.1\r\n\r\n");
  CHECK(to_string(write_http(http_response(204))) == "HTTP/1.1 204 No Content\r\n\r\n");
}

TEST_CASE("an exchange over a link, and all that can go wrong in it") {
  const auto exchange = [](Script script) {
    asio::io_context context;
    VirtualClock clock;
    ScriptedLink link(clock, std::move(script));
    return clock.run(context, [&]() -> Task<HttpMessage> {
      HttpMessage request = http_request("GET", "/");
      const TimePoint deadline = clock.now() + 2s;
      co_return co_await exchange_http(link, std::move(request), limit, deadline);
    });
  };
  const auto script = [] { return Script().expect(bytes("GET / HTTP/1.1\r\n\r\n")); };
  const Result<HttpMessage> good = exchange(
      script().reply(bytes("HTTP/1.1 200 OK\r\nContent-Le")).reply(bytes("ngth: 2\r\n\r\nhi")));
  REQUIRE(good);
  CHECK(to_string(good->body) == "hi");
  const Result<HttpMessage> closed =
      exchange(script().reply(bytes("HTTP/1.0 200 OK\r\n\r\nhi")).drop());
  REQUIRE(closed);
  CHECK(to_string(closed->body) == "hi");
  CHECK(exchange(script().drop()).error().code == net::Errc::link_lost);
  CHECK(exchange(script().reply(bytes("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nh")).drop())
            .error()
            .code == net::Errc::link_lost);
  CHECK(exchange(script().reply(bytes("HTTP/1.1 2")).silence()).error().code ==
        net::Errc::timed_out);
  CHECK(exchange(script().reply(bytes("SSH-2.0-dropbear\r\n"))).error().code ==
        net::Errc::protocol);
  CHECK(exchange(script().reply(bytes("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nmore")))
            .error()
            .code == net::Errc::protocol);
}
