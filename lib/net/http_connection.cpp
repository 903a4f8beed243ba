#include "net/http_connection.hpp"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstring>

namespace aiot::net {
namespace {

constexpr std::size_t record_bytes = 16 * 1024;     // of TLS
constexpr std::size_t turn_bytes = 256 * 1024;      // then others have theirs
constexpr std::size_t request_cost = 4096;          // of a turn
constexpr std::uint64_t linger_bytes = 256 * 1024;  // read from a peer that was refused
constexpr std::chrono::seconds linger_time(2);

}  // namespace

bool HttpServer::State::allow(Peer& peer) {
  if (limits.rate_of_peer == 0) return true;
  const TimePoint now = clock.now();
  const double rate = limits.rate_of_peer;
  const std::chrono::duration<double> passed = now - peer.at;
  peer.allowance = std::min(2 * rate, peer.allowance + passed.count() * rate);
  peer.at = now;
  if (peer.allowance < 1) return false;
  peer.allowance -= 1;
  return true;
}

HttpConnection::HttpConnection(HttpServer::State& server, asio::ip::tcp::socket socket,
                               const asio::ip::address& from, HttpServer::State::Key key,
                               const std::optional<TlsServerContext>& tls)
    : server_(server), socket_(std::move(socket)), key_(key) {
  peer_.address = from;
  if (tls) tls_ = std::make_unique<TlsSession>(*tls, socket_.native_handle());
  deadline_ = server.clock.now() + server.limits.handshake;
}

void HttpConnection::run() {
  budget_ = turn_bytes;
  const auto resume = [self = shared_from_this()](const boost::system::error_code& error) {
    if (!error && !self->closed_) self->run();
  };
  while (!closed_) {
    switch (step()) {
      case Next::go: continue;
      case Next::read: return socket_.async_wait(asio::socket_base::wait_read, resume);
      case Next::write: return socket_.async_wait(asio::socket_base::wait_write, resume);
      case Next::yield: return asio::post(socket_.get_executor(), [resume] { resume({}); });
      case Next::end: return close(false);
    }
  }
}

HttpConnection::Next HttpConnection::step() {
  switch (phase_) {
    case Phase::shaking: return shake_hands();
    case Phase::reading: return ahead_.empty() ? receive() : take(std::exchange(ahead_, {}));
    case Phase::sending: return send();
    case Phase::lingering: return linger();
  }
  return Next::end;
}

HttpConnection::Next HttpConnection::shake_hands() {
  if (tls_) {
    switch (tls_->handshake()) {
      case TlsSession::Status::done: break;
      case TlsSession::Status::want_read: return Next::read;
      case TlsSession::Status::want_write: return Next::write;
      default: ++server_.counters.handshakes_failed; return Next::end;
    }
    peer_.resumed = tls_->resumed();
    peer_.tls = tls_->version();
    peer_.client_name = tls_->client_name();
    ++(peer_.resumed ? server_.counters.handshakes_resumed : server_.counters.handshakes_full);
  }
  await_request();
  return Next::go;
}

void HttpConnection::await_request() {
  phase_ = Phase::reading;
  deadline_ = server_.clock.now() + server_.limits.idle;
  continued_ = false;
  parser_.reset();
}

HttpConnection::Next HttpConnection::receive() {
  std::size_t count = 0;
  switch (read_some(std::span(server_.scratch).first(record_bytes), count)) {
    case TlsSession::Status::done: return take(ByteSpan(server_.scratch).first(count));
    case TlsSession::Status::want_read: return Next::read;
    case TlsSession::Status::want_write: return Next::write;
    default: return Next::end;
  }
}

HttpConnection::Next HttpConnection::take(ByteSpan bytes) {
  if (!parser_) {
    parser_ = std::make_unique<HttpParser>(HttpParser::Kind::request, server_.limits.body_bytes);
    begun_ = server_.clock.now();
    deadline_ = begun_ + server_.limits.request;
  }
  const Result<std::size_t> taken = parser_->feed(bytes);
  if (!taken) {
    ++server_.counters.refused_requests;
    HttpReply refusal;
    refusal.message = http_response(parser_->refusal());
    keep_ = false;
    refused_ = true;
    reply(std::move(refusal), false);
    return Next::go;
  }
  const ByteSpan rest = bytes.subspan(*taken);
  ahead_.assign(rest.begin(), rest.end());
  if (parser_->done()) {
    answer(parser_->take());
  } else if (!continued_ && parser_->expects_continue()) {
    continued_ = interim_ = true;
    constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    out_.assign(go_on.begin(), go_on.end());
    out_at_ = 0;
    phase_ = Phase::sending;
  }
  // Many small requests in a row have no longer turn than a large answer.
  budget_ -= std::min(budget_, request_cost);
  return budget_ == 0 ? Next::yield : Next::go;
}

void HttpConnection::answer(const HttpMessage& request) {
  ++server_.counters.requests;
  keep_ = request.keep_alive && !server_.stopping;
  if (server_.done) {
    exchange_ = std::make_unique<HttpExchange>();
    exchange_->method = request.method;
    exchange_->target = request.target;
    exchange_->user_agent = request.header("User-Agent");
  }
  HttpReply out;
  const std::size_t hosts = request.count("Host");
  if (hosts > 1 || (hosts == 0 && !request.is_1_0)) {  // RFC 9112, 3.2
    ++server_.counters.refused_requests;
    out.message = http_response(400);
    keep_ = false;
  } else if (server_.allow(server_.peers[key_])) {
    out = server_.handle(request, peer_);
  } else {
    ++server_.counters.refused_requests;
    out.message = http_response(429);
    out.message.headers.emplace_back("Retry-After", "1");
  }
  reply(std::move(out), request.method == "HEAD");
}

void HttpConnection::reply(HttpReply answer, bool head_only) {
  answer.message.keep_alive = answer.message.keep_alive && keep_;
  keep_ = answer.message.keep_alive;
  const bool of_file = answer.file || answer.memory;
  const std::uint64_t size = of_file ? answer.length : answer.message.body.size();
  out_ = write_http_head(answer.message, size);
  head_bytes_ = out_.size();
  out_at_ = 0;
  sent_ = 0;
  file_.reset();
  memory_.reset();
  file_at_ = file_end_ = 0;
  if (!head_only && of_file) {
    memory_ = std::move(answer.memory);
    if (!memory_) file_ = std::move(answer.file);
    file_at_ = answer.offset;
    file_end_ = answer.offset + answer.length;
  } else if (!head_only) {
    append(out_, answer.message.body);
  }
  if (exchange_) exchange_->status = answer.message.status;
  phase_ = Phase::sending;
  mark_ = acknowledged();
  deadline_ = server_.clock.now() + server_.limits.least_period;
}

/// The next bytes of the answer. False when the file is shorter than was announced.
bool HttpConnection::fill(std::span<std::uint8_t> piece) {
  const std::size_t head = std::min(piece.size(), out_.size() - out_at_);
  std::memcpy(piece.data(), out_.data() + out_at_, head);
  if (memory_) {
    std::memcpy(piece.data() + head, memory_->data() + file_at_, piece.size() - head);
    return true;
  }
  for (std::size_t filled = head; filled < piece.size();) {
    const ssize_t got = ::pread(file_->get(), piece.data() + filled, piece.size() - filled,
                                static_cast<off_t>(file_at_ + filled - head));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    filled += static_cast<std::size_t>(got);
  }
  return true;
}

HttpConnection::Next HttpConnection::send() {
  const std::uint64_t left = out_.size() - out_at_ + (file_end_ - file_at_);
  if (left == 0) return finish();
  if (budget_ == 0) return Next::yield;
  // What is sent again after a wait begins at the same byte, so that its first record is the same.
  ByteSpan piece;
  if (memory_ && out_at_ == out_.size()) {
    piece = ByteSpan(*memory_).subspan(file_at_, std::min<std::uint64_t>(left, turn_bytes));
  } else {
    const std::size_t most = memory_ ? record_bytes : server_.scratch.size();
    const auto room = std::span(server_.scratch).first(std::min<std::uint64_t>(left, most));
    if (!fill(room)) return Next::end;
    piece = room;
  }
  budget_ -= std::min(budget_, piece.size());
  for (ByteSpan rest = piece; !rest.empty();) {
    const ByteSpan record = rest.first(std::min(rest.size(), record_bytes));
    std::size_t count = 0;
    switch (write_some(record, count)) {
      case TlsSession::Status::done: break;
      case TlsSession::Status::want_write: return Next::write;
      case TlsSession::Status::want_read: return Next::read;
      default: return Next::end;
    }
    rest = rest.subspan(count);
    sent_ += count;
    total_ += count;
    const std::size_t of_head = std::min(count, out_.size() - out_at_);
    out_at_ += of_head;
    file_at_ += count - of_head;
  }
  return Next::go;
}

HttpConnection::Next HttpConnection::finish() {
  out_ = Bytes();  // `= {}` would keep its memory while the connection is idle
  out_at_ = 0;
  file_.reset();
  memory_.reset();
  if (interim_) {
    interim_ = false;
    phase_ = Phase::reading;
    return Next::go;
  }
  report(true);
  if (keep_) {
    await_request();
    return Next::go;
  }
  if (tls_) tls_->shut_down();
  if (!has_unread()) return Next::end;
  // Closing at once would drop the answer where bytes of the other end were not read.
  boost::system::error_code ignored;
  socket_.shutdown(asio::socket_base::shutdown_send, ignored);
  parser_.reset();
  phase_ = Phase::lingering;
  sent_ = 0;
  deadline_ = server_.clock.now() + linger_time;
  return Next::go;
}

bool HttpConnection::has_unread() {
  std::uint8_t byte = 0;
  return refused_ || !ahead_.empty() ||
         ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

HttpConnection::Next HttpConnection::linger() {
  const ssize_t got =
      ::recv(socket_.native_handle(), server_.scratch.data(), server_.scratch.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return Next::read;
  if (got <= 0) return Next::end;
  sent_ += static_cast<std::uint64_t>(got);
  return sent_ > linger_bytes ? Next::end : Next::go;
}

void HttpConnection::report(bool whole) {
  if (interim_ || phase_ != Phase::sending) return;
  const std::uint64_t body = sent_ > head_bytes_ ? sent_ - head_bytes_ : 0;
  server_.counters.body_bytes += body;
  if (!exchange_) return;
  exchange_->body_bytes = body;
  exchange_->whole = whole;
  exchange_->time = server_.clock.now() - begun_;
  server_.done(*exchange_, peer_);
  exchange_.reset();
}

TlsSession::Status HttpConnection::read_some(std::span<std::uint8_t> buffer, std::size_t& count) {
  if (tls_) return tls_->read(buffer, count);
  const ssize_t got = ::recv(socket_.native_handle(), buffer.data(), buffer.size(), 0);
  if (got < 0) {
    return errno == EAGAIN || errno == EINTR ? TlsSession::Status::want_read
                                             : TlsSession::Status::failed;
  }
  count = static_cast<std::size_t>(got);
  return got == 0 ? TlsSession::Status::closed : TlsSession::Status::done;
}

TlsSession::Status HttpConnection::write_some(ByteSpan data, std::size_t& count) {
  if (tls_) return tls_->write(data, count);
  const ssize_t sent = ::send(socket_.native_handle(), data.data(), data.size(), MSG_NOSIGNAL);
  if (sent < 0) {
    return errno == EAGAIN || errno == EINTR ? TlsSession::Status::want_write
                                             : TlsSession::Status::failed;
  }
  count = static_cast<std::size_t>(sent);
  return TlsSession::Status::done;
}

/// Bytes that the other end's kernel has taken.
std::int64_t HttpConnection::acknowledged() {
  int waiting = 0;
  ::ioctl(socket_.native_handle(), SIOCOUTQ, &waiting);
  return static_cast<std::int64_t>(total_) - waiting;
}

void HttpConnection::check(TimePoint now) {
  if (closed_ || now < deadline_) return;
  if (phase_ == Phase::sending && !interim_) {
    const std::int64_t taken = acknowledged();
    if (taken - mark_ >= static_cast<std::int64_t>(server_.limits.least_bytes)) {
      mark_ = taken;
      deadline_ = now + server_.limits.least_period;
      return;
    }
  }
  if (phase_ != Phase::lingering) ++server_.counters.timed_out;
  close(is_idle());
}

void HttpConnection::close(bool politely) {
  if (closed_) return;
  const std::shared_ptr<HttpConnection> self = shared_from_this();
  report(false);
  closed_ = true;
  if (politely && tls_) tls_->shut_down();
  tls_.reset();
  boost::system::error_code ignored;
  socket_.close(ignored);
  if (const auto peer = server_.peers.find(key_); peer != server_.peers.end()) {
    --peer->second.connections;
  }
  auto& all = server_.connections;
  all.back()->index_ = index_;
  std::swap(all[index_], all.back());
  all.pop_back();
}

}  // namespace aiot::net
