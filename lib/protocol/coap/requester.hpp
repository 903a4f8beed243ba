#pragma once

#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <string>

#include "net/clock.hpp"
#include "net/udp.hpp"
#include "protocol/coap/message.hpp"

namespace aiot::coap {

/// What is asked of a server.
struct Request {
  Code method = Code::get;
  std::string path = "/";  ///< "/sensors/temp"
  std::string query;       ///< "rt=light&page=2"
  Bytes payload;           ///< at most 1024 bytes: a request is never cut into blocks
  std::optional<std::uint32_t> accept;
  bool observe = false;  ///< RFC 7641: goes on until it is stopped
};

/// A whole representation, put together from its blocks.
struct Response {
  Code code = Code::content;
  std::optional<std::uint32_t> content_format;
  std::chrono::seconds max_age{60};
  bool observed = false;  ///< more will follow
  Bytes payload;
};

/// What is random in a request.
struct RandomIds {
  std::uint16_t message_id = 0;  ///< of the first message; the others count up
  Bytes token;                   ///< at most 6 bytes: those of further blocks are longer by 2
  std::uint32_t seed = 1;        ///< of the delays
};
/// From the machine's randomness.
RandomIds random_ids();

/// How long a requester waits: RFC 7252, section 4.8.
struct Timing {
  net::Duration ack_timeout = std::chrono::seconds(2);
  double ack_random_factor = 1.5;
  int max_retransmit = 4;
  /// Between an empty acknowledgement and the response; the RFC leaves it open.
  net::Duration response_timeout = std::chrono::seconds(60);
  std::size_t max_body_bytes = 256 * 1024;
};

/// One request to one server and all that follows from it, as an engine without I/O: confirmable
/// retransmission and de-duplication (RFC 7252, 4.2 to 4.5), separate responses (5.2.2), the other
/// blocks of a large representation (RFC 7959, 2.4), notifications in their order, and asking again
/// when they are overdue (RFC 7641, 3.3 and 3.4).
///
/// Its driver calls with times that never go back, sends all of take_output() after every
/// call, and calls on_timer() when next_timer() is due.
class Requester {
 public:
  Requester(Request request, RandomIds ids, const Timing& timing = {});

  void start(net::TimePoint now);
  /// A datagram of the server. What belongs to no request of this is answered as section 4.2 says.
  void on_datagram(net::TimePoint now, ByteSpan datagram);
  std::optional<net::TimePoint> next_timer() const;
  void on_timer(net::TimePoint now);
  /// Asks the server to stop reporting (RFC 7641, 3.6), without waiting for its answer.
  void stop(net::TimePoint now);

  std::optional<Bytes> take_output();
  /// Responses in their order; the last thing is an error, or the response to a plain request.
  /// Errc::no_reply, reset, critical_option, refused, bad_block, too_large.
  std::optional<Result<Response>> take_response();
  /// Nothing more will come.
  bool finished() const { return phase_ == Phase::done; }

 private:
  enum class Phase {
    idle,
    asking,        ///< a request is out, not acknowledged
    acknowledged,  ///< the response comes separately
    observing,     ///< between notifications
    done,
  };
  /// The blocks of one representation.
  struct Body {
    Bytes bytes;
    Bytes etag;
    Response head;
  };
  /// The order of notifications.
  struct Freshness {
    std::uint32_t sequence = 0;
    net::TimePoint at;
  };

  void ask(net::TimePoint now, std::optional<Block> block);
  void send_again(net::TimePoint now);
  void answer_empty(Type type, std::uint16_t id);
  bool is_duplicate(std::uint16_t id);
  bool is_fresh(net::TimePoint now, std::uint32_t sequence) const;
  void on_response(net::TimePoint now, const MessageView& message);
  void on_block(net::TimePoint now, const MessageView& message, const Block& block);
  void deliver(net::TimePoint now);
  void fail(Error error);
  double jitter() { return std::uniform_real_distribution<double>(0, 1)(random_); }

  Request request_;
  Timing timing_;
  std::minstd_rand random_;
  Phase phase_ = Phase::idle;
  Bytes token_;  ///< of the request; an observation keeps it
  std::uint16_t next_id_;
  Bytes block_token_;  ///< of a request for a further block; empty between
  std::uint16_t asked_id_ = 0;
  Bytes asked_;  ///< for retransmission
  int sent_times_ = 0;
  net::Duration timeout_{};
  std::optional<net::TimePoint> timer_;
  std::array<std::uint16_t, 16> seen_ids_{};  ///< the server's latest
  std::size_t seen_ = 0;
  std::optional<Body> body_;
  std::optional<Freshness> freshness_;
  int restarts_ = 0;  ///< of one body that changed while it was read
  std::deque<Bytes> output_;
  std::deque<Result<Response>> responses_;
};

/// A conversation with one server over a UDP socket of its own: the driver of a Requester.
class Session {
 public:
  /// Looks `host` up and opens a socket; nothing is sent. `host` may be an address, an IPv6 one
  /// with its scope. net::Errc::not_found, timed_out, cancelled.
  static net::Task<Session> open(std::string host, std::uint16_t port, net::Clock& clock,
                                 net::TimePoint deadline);
  static Result<Session> open(const net::asio::any_io_executor& executor, net::Clock& clock,
                              const net::asio::ip::udp::endpoint& server,
                              std::string interface = {});

  /// Sends the request; next() gives what comes of it. One request at a time: an earlier one ends.
  Result<void> start(Request request, const Timing& timing = {});
  /// The next response, or the error that ended the request (see Requester). A plain request has
  /// one; an observation goes on while Response::observed is true. net::Errc::timed_out at the
  /// deadline, which ends nothing; net::Errc::cancelled.
  net::Task<Response> next(net::TimePoint deadline);
  /// Cancels the observation at the server.
  Result<void> stop();

  const net::asio::ip::udp::endpoint& server() const { return server_; }

 private:
  Session(net::UdpSocket socket, net::Clock& clock, const net::asio::ip::udp::endpoint& server)
      : socket_(std::move(socket)), clock_(&clock), server_(server) {}
  Result<void> flush();

  net::UdpSocket socket_;
  net::Clock* clock_;
  net::asio::ip::udp::endpoint server_;
  std::unique_ptr<Requester> requester_;
};

/// One GET from the request to the whole representation.
net::Task<Response> get(net::asio::ip::udp::endpoint server, Request request, net::Clock& clock,
                        net::TimePoint deadline);

}  // namespace aiot::coap
