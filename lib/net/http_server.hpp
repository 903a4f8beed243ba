#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/file.hpp"
#include "net/clock.hpp"
#include "net/http_message.hpp"
#include "net/tls_server.hpp"

namespace aiot::net {

/// What a server bears. All deadlines hold while the other end sends: bytes buy no time.
struct HttpLimits {
  std::size_t connections = 10'000;
  std::size_t connections_of_peer = 256;  ///< of one IPv4 address, or one IPv6 network of /64
  /// Connections and requests together that a peer may begin in a second, with twice as many at
  /// once; 0: any number.
  unsigned rate_of_peer = 200;
  std::size_t body_bytes = 64 * 1024;  ///< of a request; its headers may have 8 KiB
  Duration handshake = std::chrono::seconds(10);
  Duration request = std::chrono::seconds(20);  ///< from its first byte to its last
  Duration idle = std::chrono::seconds(60);     ///< between two requests
  /// A client takes so many bytes of an answer in each period, or is gone.
  std::uint64_t least_bytes = 2560;
  Duration least_period = std::chrono::seconds(20);
};

/// Who asks.
struct HttpPeer {
  asio::ip::address address;
  std::string client_name;  ///< of its certificate (its common name), which was verified; or ""
  std::string tls;          ///< "TLSv1.3"; "" without TLS
  bool resumed = false;     ///< by a ticket of an earlier connection
};

/// An answer: `message`, whose body is in the message, or a part of a file, or of what was read
/// from one.
struct HttpReply {
  HttpMessage message;
  std::shared_ptr<file::Descriptor> file;
  std::shared_ptr<const Bytes> memory;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

/// A request that is over.
struct HttpExchange {
  std::string method;
  std::string target;
  std::string user_agent;
  unsigned status = 0;
  std::uint64_t body_bytes = 0;  ///< of the answer, that were handed to the kernel
  bool whole = false;            ///< all of it
  Duration time{};
};

struct HttpCounters {
  std::uint64_t accepted = 0;
  std::uint64_t refused_connections = 0;  ///< beyond a limit
  std::uint64_t handshakes_full = 0;
  std::uint64_t handshakes_resumed = 0;
  std::uint64_t handshakes_failed = 0;
  std::uint64_t requests = 0;
  std::uint64_t refused_requests = 0;  ///< malformed, too large, or too many
  std::uint64_t timed_out = 0;         ///< connections that were closed by a deadline
  std::uint64_t body_bytes = 0;
  std::size_t connections = 0;  ///< now
};

/// Serves HTTP/1.1 (RFC 9112), over TLS where there is a context, on one loop.
class HttpServer : public std::enable_shared_from_this<HttpServer> {
 public:
  using Handle = std::function<HttpReply(const HttpMessage& request, const HttpPeer& peer)>;
  using OnDone = std::function<void(const HttpExchange& exchange, const HttpPeer& peer)>;
  using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp>;

  HttpServer(asio::any_io_executor executor, Clock& clock, HttpLimits limits, Handle handle,
             OnDone done = {});
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  ~HttpServer();

  /// For connections to come; those that are there keep theirs.
  void set_tls(TlsServerContext context) { tls_ = std::move(context); }
  /// Accepts from this socket, which listens, until stop().
  void listen(Acceptor acceptor);
  /// Accepts no more, closes idle connections, and lets answers end until `deadline`; after that
  /// nothing of this server is left on the loop.
  Task<void> stop(TimePoint deadline);
  HttpCounters counters() const;

  struct Peer;  // of http_connection.hpp
  struct State;

 private:
  asio::awaitable<void> accept(std::shared_ptr<Acceptor> acceptor);
  void admit(asio::ip::tcp::socket socket, const asio::ip::address& from);
  void sweep();

  std::unique_ptr<State> state_;
  std::optional<TlsServerContext> tls_;
};

}  // namespace aiot::net
