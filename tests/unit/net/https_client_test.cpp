#include "net/https_client.hpp"

#include <doctest/doctest.h>

#include "unit/net/real_loop.hpp"

using namespace aiot;
using namespace aiot::net;

namespace {

/// Gives what a server sends, in the pieces that it sends, and then the end of the stream.
class Canned final : public Link {
 public:
  Canned(std::vector<std::string> pieces, std::string& sent)
      : pieces_(std::move(pieces)), sent_(sent) {}
  const LinkInfo& info() const override { return info_; }
  Clock& clock() override { return steady_clock(); }
  Task<std::size_t> read_some(std::span<std::uint8_t> buffer, TimePoint) override {
    if (next_ == pieces_.size()) co_return make_error(Errc::link_lost);
    std::string& piece = pieces_[next_];
    const std::size_t count = std::min(piece.size(), buffer.size());
    std::copy_n(piece.begin(), count, buffer.begin());
    piece.erase(0, count);
    if (piece.empty()) ++next_;
    co_return count;
  }
  Task<void> write(ByteSpan data, TimePoint) override {
    sent_ += to_string(data);
    co_return Result<void>();
  }
  Task<void> drain(TimePoint) override { co_return Result<void>(); }
  Task<void> discard_input() override { co_return Result<void>(); }
  Task<void> set_baud(std::uint32_t) override { co_return Result<void>(); }
  Task<void> set_lines(std::span<const LineStep>) override { co_return Result<void>(); }
  Task<void> reopen(TimePoint) override { co_return make_error(Errc::link_lost); }
  void close() override {}

 private:
  LinkInfo info_;
  std::vector<std::string> pieces_;
  std::string& sent_;
  std::size_t next_ = 0;
};

struct Server {
  std::vector<std::vector<std::string>> connections;  ///< what each sends
  std::string sent;
  std::size_t opened = 0;
  std::string body;
  std::size_t body_limit = 1000000;

  Result<HttpMessage> get(HttpsClient& client, std::uint64_t from = 0) {
    asio::io_context context;
    return run_real(context, [&]() -> Task<HttpMessage> {
      OnPiece take = [this](const HttpMessage& head, ByteSpan piece) -> Result<void> {
        CHECK((head.status == 200 || head.status == 206));
        body += to_string(piece);
        if (body.size() > body_limit) return make_error(Errc::protocol, "enough");
        return {};
      };
      Result<HttpMessage> response = co_await client.get("/a b", from, take);
      co_return response;
    });
  }
  HttpsClient client() {
    return HttpsClient(
        [this](TimePoint) -> Task<std::unique_ptr<Link>> {
          if (opened == connections.size()) co_return make_error(Errc::refused);
          std::unique_ptr<Link> link = std::make_unique<Canned>(connections[opened++], sent);
          co_return link;
        },
        "host:1", {});
  }
};

constexpr const char* ok = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";

}  // namespace

TEST_CASE("HTTPS client: bodies in pieces, over one connection") {
  Server server;
  server.connections = {{ok, "he", "llo", "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone",
                         "HTTP/1.1 206 Partial Content\r\nTransfer-Encoding: chunked\r\n\r\n",
                         "3\r\nabc\r\n0\r\n\r\n"}};
  HttpsClient client = server.client();
  CHECK(server.get(client)->status == 200);
  CHECK(server.body == "hello");
  CHECK(server.get(client)->status == 404);
  CHECK(server.body == "hello");
  CHECK(server.get(client, 7)->status == 206);
  CHECK(server.body == "helloabc");
  CHECK(server.opened == 1);
  CHECK(
      server.sent ==
      "GET /a b HTTP/1.1\r\nHost: host:1\r\nAccept-Encoding: identity\r\n\r\n"
      "GET /a b HTTP/1.1\r\nHost: host:1\r\nAccept-Encoding: identity\r\n\r\n"
      "GET /a b HTTP/1.1\r\nHost: host:1\r\nAccept-Encoding: identity\r\nRange: bytes=7-\r\n\r\n");
}

TEST_CASE("HTTPS client: a kept connection that the server closed is opened again") {
  Server server;
  server.connections = {{std::string(ok) + "hello"}, {std::string(ok) + "again"}};
  HttpsClient client = server.client();
  CHECK(server.get(client).has_value());
  CHECK(server.get(client).has_value());
  CHECK(server.body == "helloagain");
  CHECK(server.opened == 2);
  // Once there was an answer, the caller decides; and a first connection is not tried twice.
  Server broken;
  broken.connections = {{std::string(ok) + "hello"}, {std::string(ok) + "ag"}, {}, {}};
  HttpsClient second = broken.client();
  CHECK(broken.get(second).has_value());
  CHECK(broken.get(second).error().code == Errc::link_lost);
  CHECK(broken.body == "helloag");
  CHECK(broken.get(second).error().code == Errc::link_lost);
  CHECK(broken.opened == 3);
}

TEST_CASE(
    "HTTPS client: lengths that are announced take no memory; the caller ends what is endless") {
  Server server;
  server.connections = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 9000000000000000000\r\n\r\n", std::string(5000, 'x')},
      {"HTTP/1.1 200 OK\r\n\r\n", std::string(5000, 'x'), std::string(5000, 'x')}};
  HttpsClient client = server.client();
  CHECK(server.get(client).error().code == Errc::link_lost);
  CHECK(server.body.size() == 5000);
  server.body_limit = 7000;
  CHECK(server.get(client).error().code == Errc::protocol);
  CHECK(server.body.size() <= 7000 + 16384);
}

TEST_CASE("HTTPS client: a request with a body, sent again on a new connection") {
  Server server;
  server.connections = {{std::string(ok) + "hello"}, {std::string(ok) + "again"}};
  HttpsClient client = server.client();
  CHECK(server.get(client).has_value());
  server.sent.clear();
  asio::io_context context;
  const Result<HttpMessage> response = run_real(context, [&]() -> Task<HttpMessage> {
    HttpMessage request = http_request("POST", "/f");
    request.headers.emplace_back("Content-Type", "application/json");
    request.body = {'{', '}'};
    OnPiece drop = [](const HttpMessage&, ByteSpan) { return Result<void>(); };
    Result<HttpMessage> got = co_await client.send(std::move(request), drop);
    co_return got;
  });
  CHECK(response->status == 200);
  const std::string once =
      "POST /f HTTP/1.1\r\nHost: host:1\r\nAccept-Encoding: identity\r\n"
      "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
  CHECK(server.sent == once + once);
  CHECK(server.opened == 2);
}

TEST_CASE("fingerprints of certificates") {
  std::string digits;
  for (int i = 0; i < 31; ++i) digits += "aB:";
  CHECK(parse_fingerprint(digits + "01")->back() == 1);
  CHECK(parse_fingerprint(digits + "01")->front() == 0xAB);
  for (const std::string& wrong : {std::string(), digits, digits + "0", digits + "0102"}) {
    CHECK_FALSE(parse_fingerprint(wrong).has_value());
  }
}

TEST_CASE("HTTPS URLs") {
  CHECK(parse_https_url("https://host/a?b#c")->target == "/a?b");
  CHECK(parse_https_url("https://host")->port == 443);
  CHECK(parse_https_url("https://[::1]:8443/")->port == 8443);
  CHECK_FALSE(parse_https_url("http://host/").has_value());
  CHECK_FALSE(parse_https_url("https://user@host/").has_value());
  CHECK_FALSE(parse_http_url("https://host/").has_value());
}
