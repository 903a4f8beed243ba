#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/link.hpp"

namespace aiot::net {

/// A request or a response of HTTP/1.1 (RFC 9112).
struct HttpMessage {
  std::string method;   ///< of a request; "" in a response
  std::string target;   ///< of a request: path and query
  unsigned status = 0;  ///< of a response; 0 in a request
  /// As they came, and in their order. Content-Length, Transfer-Encoding and Connection are written
  /// from the other members.
  std::vector<std::pair<std::string, std::string>> headers;
  Bytes body;
  bool keep_alive = true;  ///< the connection serves another exchange after this message
  bool is_1_0 = false;     ///< of HTTP/1.0, where a request need not name a host

  /// The value of the first header of this name, whatever its case; "" for none.
  std::string_view header(std::string_view name) const;
  /// How many headers of this name there are.
  std::size_t count(std::string_view name) const;
};
HttpMessage http_request(std::string method, std::string target);
HttpMessage http_response(unsigned status);

/// The message with its Content-Length. Control characters outside of the body become blanks: a
/// value never ends a line.
Bytes write_http(const HttpMessage& message);
/// The same without its body, of `body_bytes`: of an answer to HEAD, or of a body that comes from a
/// file.
Bytes write_http_head(const HttpMessage& message, std::uint64_t body_bytes);

/// Takes messages from a byte stream, in pieces of any size: Content-Length, chunked, or up to the
/// end of the stream. Start line and headers together have at most 8 KiB.
class HttpParser {
 public:
  enum class Kind { request, response };
  HttpParser(Kind kind, std::size_t body_limit_bytes);
  ~HttpParser();
  HttpParser(HttpParser&&) noexcept;
  HttpParser& operator=(HttpParser&&) noexcept;

  /// Takes bytes up to the end of the message, and gives their count: those behind it belong to the
  /// next one, or to another protocol. Interim responses (1xx) are skipped. Errc::protocol for what
  /// is no such message or exceeds a limit; final.
  Result<std::size_t> feed(ByteSpan bytes);
  /// The stream has ended. Errc::protocol when this cuts the message short.
  Result<void> finish();
  bool done() const;
  /// A byte of the message has arrived, and not its last.
  bool begun() const;
  /// The headers are whole, the body is not, and its sender waits for 100 (RFC 9110, 10.1.1).
  bool expects_continue() const;
  /// The status that answers a request which feed() has refused: 400, 413 or 431.
  unsigned refusal() const;
  /// The message, once it is done(). The parser is then ready for the next one.
  HttpMessage take();

  /// The message without its body, as soon as its headers are there; nullopt before, and when it is
  /// done().
  std::optional<HttpMessage> head() const;
  /// What has come of the body of a message that is not done(): for one that is too long to keep.
  Bytes take_body();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Reads one message of `parser` from `link`. `ahead` holds bytes that were read before, and gets
/// those behind the message. Link errors; Errc::protocol.
Task<HttpMessage> read_http(Link& link, HttpParser& parser, Bytes& ahead, TimePoint deadline);

/// Sends a request and reads its response, of at most `body_limit_bytes`. Bytes behind the response
/// on a connection that is kept are Errc::protocol.
Task<HttpMessage> exchange_http(Link& link, HttpMessage request, std::size_t body_limit_bytes,
                                TimePoint deadline);

}  // namespace aiot::net
