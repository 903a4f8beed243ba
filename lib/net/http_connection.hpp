#pragma once

#include <array>
#include <map>
#include <vector>

#include "net/http_server.hpp"

namespace aiot::net {

/// What a server holds of a peer: an IPv4 address, or an IPv6 network of /64.
struct HttpServer::Peer {
  std::size_t connections = 0;
  double allowance = 0;  ///< what it may still begin
  TimePoint at{};        ///< of `allowance`
};

struct HttpServer::State {
  using Key = std::array<std::uint8_t, 16>;

  asio::any_io_executor executor;
  Clock& clock;
  HttpLimits limits;
  Handle handle;
  OnDone done;
  HttpCounters counters{};
  std::map<Key, Peer> peers{};
  std::vector<std::shared_ptr<class HttpConnection>> connections{};
  std::vector<std::shared_ptr<Acceptor>> acceptors{};
  asio::cancellation_signal sweeping{};
  bool stopping = false;
  Bytes scratch = Bytes(64 * 1024);  ///< of whichever connection runs

  /// Takes one from what the peer may begin; false when nothing is left.
  bool allow(Peer& peer);
};

/// One connection. It waits for its socket alone; the server's sweep() holds its deadlines.
class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(HttpServer::State& server, asio::ip::tcp::socket socket,
                 const asio::ip::address& from, HttpServer::State::Key key,
                 const std::optional<TlsServerContext>& tls);

  /// Goes as far as the socket lets it.
  void run();
  /// Ends it when its deadline is over.
  void check(TimePoint now);
  /// No request has begun.
  bool is_idle() const {
    return phase_ == Phase::shaking || (phase_ == Phase::reading && !parser_);
  }
  TimePoint deadline() const { return deadline_; }
  /// Closes it, and removes it from the server's list. `politely`: with TLS's close_notify.
  void close(bool politely);

 private:
  friend class HttpServer;
  enum class Phase { shaking, reading, sending, lingering };
  enum class Next { go, read, write, yield, end };

  Next step();
  Next shake_hands();
  Next receive();
  Next take(ByteSpan bytes);
  Next send();
  Next finish();
  bool fill(std::span<std::uint8_t> piece);
  /// Bytes of the other end that nobody has read: a close would answer them with a reset.
  bool has_unread();
  Next linger();
  void answer(const HttpMessage& request);
  void reply(HttpReply answer, bool head_only);
  void await_request();
  void report(bool whole);
  TlsSession::Status read_some(std::span<std::uint8_t> buffer, std::size_t& count);
  TlsSession::Status write_some(ByteSpan data, std::size_t& count);
  std::int64_t acknowledged();

  HttpServer::State& server_;
  asio::ip::tcp::socket socket_;
  std::unique_ptr<TlsSession> tls_;
  HttpPeer peer_;
  HttpServer::State::Key key_;
  std::size_t index_ = 0;  ///< in the server's list
  Phase phase_ = Phase::shaking;
  bool closed_ = false;
  bool interim_ = false;    ///< what is sent is 100, and the request goes on
  bool continued_ = false;  ///< 100 was sent
  bool keep_ = false;       ///< another request may follow the answer
  bool refused_ = false;    ///< the rest of the request is not read
  std::size_t budget_ = 0;  ///< bytes before other connections have their turn
  TimePoint deadline_{};
  TimePoint begun_{};
  std::unique_ptr<HttpParser> parser_;
  std::unique_ptr<HttpExchange> exchange_;
  Bytes ahead_;  ///< that came behind a request
  Bytes out_;    ///< head, and a body that is no file's
  std::size_t out_at_ = 0;
  std::size_t head_bytes_ = 0;
  std::shared_ptr<file::Descriptor> file_;
  std::shared_ptr<const Bytes> memory_;  ///< instead of `file_`
  std::uint64_t file_at_ = 0;
  std::uint64_t file_end_ = 0;
  std::uint64_t sent_ = 0;   ///< of this answer, with its head
  std::uint64_t total_ = 0;  ///< handed to the kernel since the beginning
  std::int64_t mark_ = 0;    ///< of those, that the other end had when its period began
};

}  // namespace aiot::net
