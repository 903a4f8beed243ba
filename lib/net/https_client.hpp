#pragma once

#include <functional>
#include <memory>
#include <string>

#include "net/http.hpp"
#include "net/http_message.hpp"
#include "net/link.hpp"
#include "net/tls_link.hpp"

namespace aiot::net {

/// Takes a piece of the body of a response; an error ends the transfer.
using OnPiece = std::function<Result<void>(const HttpMessage& head, ByteSpan piece)>;

/// How slow a server may be.
struct Patience {
  std::chrono::seconds connect{10};
  /// For each 64 KiB, and for the headers: one that sends a byte now and then is given up.
  std::chrono::seconds piece{60};
  TimePoint until = TimePoint::max();  ///< the end of it all
};

/// Requests to one HTTPS server, over one connection as long as both keep it. Redirects are not
/// followed.
class HttpsClient {
 public:
  /// Opens a plain link to the server of the URL: the seam for tests.
  using Connect = std::function<Task<std::unique_ptr<Link>>(TimePoint deadline)>;

  /// Only host and port of `url` count.
  HttpsClient(const HttpUrl& url, TlsContext context, Patience patience = {});
  HttpsClient(Connect connect, std::string host, Patience patience);

  /// The response to a GET of `target`, without its body. That of a status 200 or 206 goes to
  /// `on_piece` in its order; of others, it is dropped. `from` > 0 asks for what begins at that
  /// byte: 206, or 200 with all of it. Link errors (what came before them has gone to `on_piece`),
  /// Errc::protocol, errors of `on_piece`.
  Task<HttpMessage> get(std::string target, std::uint64_t from, OnPiece on_piece);
  /// The same for any request; Host and Accept-Encoding are added to it. It is sent again when a
  /// connection that was kept turns out to be closed.
  Task<HttpMessage> send(HttpMessage request, OnPiece on_piece);
  /// Closes the connection. Called before the loop that it runs on ends.
  void close() { link_.reset(); }

 private:
  Task<HttpMessage> try_send(ByteSpan request, const OnPiece& on_piece, bool& answered);
  Task<HttpMessage> receive(const OnPiece& on_piece, bool& answered);
  TimePoint end_of(std::chrono::seconds time) const;

  Connect connect_;
  std::string host_;
  Patience patience_;
  std::unique_ptr<Link> link_;
};

}  // namespace aiot::net
