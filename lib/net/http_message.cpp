#include "net/http_message.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/status.hpp>

namespace aiot::net {
namespace {

namespace http = boost::beast::http;
using boost::system::error_code;

constexpr std::uint32_t header_limit_bytes = 8 * 1024;

std::string on_one_line(std::string text) {
  std::ranges::replace_if(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
  return text;
}

/// Bytes in memory. Unlike Beast's vector_body, it sets no memory aside for a length that is only
/// announced.
struct GrowingBody {
  using value_type = Bytes;
  class reader {
   public:
    template <bool is_request, class Fields>
    reader(http::header<is_request, Fields>&, Bytes& body) : body_(body) {}
    void init(const boost::optional<std::uint64_t>&, error_code& error) { error = {}; }
    template <class Buffers>
    std::size_t put(const Buffers& buffers, error_code& error) {
      error = {};
      const std::size_t before = body_.size();
      body_.resize(before + boost::asio::buffer_size(buffers));
      return boost::asio::buffer_copy(
          boost::asio::buffer(body_.data() + before, body_.size() - before), buffers);
    }
    void finish(error_code& error) { error = {}; }

   private:
    Bytes& body_;
  };
};

/// Beast's parser for one direction behind one face.
class Grammar {
 public:
  virtual ~Grammar() = default;
  virtual void reset() = 0;
  virtual std::size_t put(ByteSpan bytes, error_code& error) = 0;
  virtual void put_eof(error_code& error) = 0;
  virtual bool done() const = 0;
  virtual bool begun() const = 0;
  virtual bool expects_continue() const = 0;
  virtual HttpMessage take() = 0;
  virtual std::optional<HttpMessage> head() const = 0;
  virtual Bytes take_body() = 0;
};

template <bool is_request>
class BeastGrammar final : public Grammar {
 public:
  explicit BeastGrammar(std::size_t body_limit_bytes) : body_limit_(body_limit_bytes) { reset(); }

  void reset() final {
    parser_.emplace();
    parser_->header_limit(header_limit_bytes);
    parser_->body_limit(body_limit_);
    parser_->eager(true);
  }
  std::size_t put(ByteSpan bytes, error_code& error) override {
    return parser_->put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  }
  void put_eof(error_code& error) override { parser_->put_eof(error); }
  bool done() const override { return parser_->is_done(); }
  bool begun() const override { return parser_->got_some(); }
  bool expects_continue() const override {
    return parser_->is_header_done() && !parser_->is_done() &&
           boost::beast::iequals(parser_->get()[http::field::expect], "100-continue");
  }
  HttpMessage take() override {
    HttpMessage out = head_of(parser_->get());
    out.body = std::move(parser_->get().body());
    reset();
    return out;
  }
  std::optional<HttpMessage> head() const override {
    if (!parser_->is_header_done()) return std::nullopt;
    return head_of(parser_->get());
  }
  Bytes take_body() override { return std::exchange(parser_->get().body(), {}); }

 private:
  template <class Message>
  static HttpMessage head_of(const Message& message) {
    HttpMessage out;
    if constexpr (is_request) {
      out.method = message.method_string();
      out.target = message.target();
    } else {
      out.status = message.result_int();
    }
    out.keep_alive = message.keep_alive();
    out.is_1_0 = message.version() < 11;
    for (const auto& field : message) out.headers.emplace_back(field.name_string(), field.value());
    return out;
  }

  std::size_t body_limit_;
  std::optional<http::parser<is_request, GrowingBody>> parser_;
};

}  // namespace

constexpr std::string_view other_end = "check the address: what listens there is no HTTP server";

/// In front of one message: a server may send them without end.
constexpr unsigned most_interim = 8;

struct HttpParser::State {
  std::unique_ptr<Grammar> grammar;
  std::optional<HttpMessage> message;
  Bytes waiting;  // the start of a line or of the headers, which Beast wants as a whole
  std::optional<Error> failed;
  unsigned refusal = 400;
  unsigned interim = 0;  // responses that were skipped

  /// Takes what can be taken of `waiting`.
  error_code advance() {
    error_code error;
    std::size_t taken = 0;
    while (!error && taken < waiting.size() && !message) {
      taken += grammar->put(ByteSpan(waiting).subspan(taken), error);
      if (grammar->done()) {
        message = grammar->take();
        if (message->status / 100 == 1 && message->status != 101) {
          message.reset();
          if (++interim > most_interim) return http::error::header_limit;
        }
      }
    }
    waiting.erase(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(taken));
    return error == http::error::need_more ? error_code() : error;
  }
};

HttpParser::HttpParser(Kind kind, std::size_t body_limit_bytes)
    : state_(std::make_unique<State>()) {
  if (kind == Kind::request) {
    state_->grammar = std::make_unique<BeastGrammar<true>>(body_limit_bytes);
  } else {
    state_->grammar = std::make_unique<BeastGrammar<false>>(body_limit_bytes);
  }
}
HttpParser::~HttpParser() = default;
HttpParser::HttpParser(HttpParser&&) noexcept = default;
HttpParser& HttpParser::operator=(HttpParser&&) noexcept = default;

Result<std::size_t> HttpParser::feed(ByteSpan bytes) {
  State& state = *state_;
  std::size_t taken = 0;
  while (!state.failed && !state.message && taken < bytes.size()) {
    const ByteSpan piece =
        bytes.subspan(taken).first(std::min<std::size_t>(bytes.size() - taken, header_limit_bytes));
    append(state.waiting, piece);
    taken += piece.size();
    const error_code error = state.advance();
    if (error) {
      state.failed = make_error(Errc::protocol, error.message(), std::string(other_end));
      if (error == http::error::body_limit) state.refusal = 413;
      if (error == http::error::header_limit) state.refusal = 431;
    } else if (!state.message && state.waiting.size() > header_limit_bytes) {
      state.failed = make_error(Errc::protocol, "the headers are too long", std::string(other_end));
      state.refusal = 431;
    }
  }
  if (state.failed) return *state.failed;
  if (state.message) {  // what waits is the end of the last piece
    taken -= std::min(taken, state.waiting.size());
    state.waiting.clear();
  }
  return taken;
}

Result<void> HttpParser::finish() {
  State& state = *state_;
  if (state.failed) return *state.failed;
  if (state.message) return {};
  error_code error;
  if (state.waiting.empty() && state.grammar->begun()) state.grammar->put_eof(error);
  if (error || !state.grammar->done()) {
    state.failed = make_error(Errc::protocol, "the message is cut short", "try again");
    return *state.failed;
  }
  state.message = state.grammar->take();
  return {};
}

bool HttpParser::done() const { return state_->message.has_value(); }

bool HttpParser::begun() const {
  return !done() && (state_->grammar->begun() || !state_->waiting.empty());
}

bool HttpParser::expects_continue() const {
  return !done() && !state_->failed && state_->grammar->expects_continue();
}

unsigned HttpParser::refusal() const { return state_->refusal; }

HttpMessage HttpParser::take() {
  HttpMessage out = *std::move(state_->message);
  state_->message.reset();
  return out;
}

std::optional<HttpMessage> HttpParser::head() const {
  if (done() || state_->failed) return std::nullopt;
  return state_->grammar->head();
}

Bytes HttpParser::take_body() { return done() ? Bytes() : state_->grammar->take_body(); }

std::string_view HttpMessage::header(std::string_view name) const {
  const auto it = std::ranges::find_if(
      headers, [&](const auto& field) { return boost::beast::iequals(field.first, name); });
  return it == headers.end() ? std::string_view() : it->second;
}

std::size_t HttpMessage::count(std::string_view name) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      headers, [&](const auto& field) { return boost::beast::iequals(field.first, name); }));
}

HttpMessage http_request(std::string method, std::string target) {
  HttpMessage out;
  out.method = std::move(method);
  out.target = std::move(target);
  return out;
}

HttpMessage http_response(unsigned status) {
  HttpMessage out;
  out.status = status;
  return out;
}

Bytes write_http(const HttpMessage& message) {
  Bytes out = write_http_head(message, message.body.size());
  append(out, message.body);
  return out;
}

Bytes write_http_head(const HttpMessage& message, std::uint64_t body_bytes) {
  const bool is_request = message.status == 0;
  std::string head = is_request ? fmt::format("{} {} HTTP/1.1\r\n", on_one_line(message.method),
                                              on_one_line(message.target))
                                : fmt::format("HTTP/1.1 {} {}\r\n", message.status,
                                              std::string_view(http::obsolete_reason(
                                                  static_cast<http::status>(message.status))));
  constexpr std::array<std::string_view, 3> own = {"Content-Length", "Transfer-Encoding",
                                                   "Connection"};
  for (const auto& [name, value] : message.headers) {
    if (std::ranges::any_of(own, [&header_name = name](auto known) {
          return boost::beast::iequals(header_name, known);
        })) {
      continue;
    }
    head += fmt::format("{}: {}\r\n", on_one_line(name), on_one_line(value));
  }
  const bool can_have_body =
      is_request ? message.method != "GET" && message.method != "HEAD"
                 : message.status >= 200 && message.status != 204 && message.status != 304;
  if (can_have_body || body_bytes != 0) head += fmt::format("Content-Length: {}\r\n", body_bytes);
  if (!message.keep_alive) head += "Connection: close\r\n";
  head += "\r\n";
  return {head.begin(), head.end()};
}

Task<HttpMessage> read_http(Link& link, HttpParser& parser, Bytes& ahead, TimePoint deadline) {
  for (;;) {
    Result<std::size_t> taken = parser.feed(ahead);
    if (!taken) co_return std::move(taken).error();
    ahead.erase(ahead.begin(), ahead.begin() + static_cast<std::ptrdiff_t>(*taken));
    if (parser.done()) co_return parser.take();
    std::array<std::uint8_t, 4096> buffer;
    Result<std::size_t> got = co_await link.read_some(buffer, deadline);
    if (!got) {
      if (got.error().code == Errc::link_lost && parser.begun()) {
        const Result<void> whole = parser.finish();
        if (whole) co_return parser.take();
      }
      co_return std::move(got).error();
    }
    append(ahead, ByteSpan(buffer).first(*got));
  }
}

Task<HttpMessage> exchange_http(Link& link, HttpMessage request, std::size_t body_limit_bytes,
                                TimePoint deadline) {
  const Bytes sent = write_http(request);
  Result<void> written = co_await link.write(sent, deadline);
  if (!written) co_return std::move(written).error();
  HttpParser parser(HttpParser::Kind::response, body_limit_bytes);
  Bytes ahead;
  Result<HttpMessage> response = co_await read_http(link, parser, ahead, deadline);
  if (response && response->keep_alive && !ahead.empty())
    co_return make_error(Errc::protocol, "bytes follow the HTTP response", std::string(other_end));
  co_return response;
}

}  // namespace aiot::net
