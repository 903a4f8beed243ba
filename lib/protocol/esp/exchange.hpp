#pragma once

#include <functional>
#include <string>

#include "net/link.hpp"
#include "protocol/esp/codec.hpp"

namespace aiot::esp {

/// How long most commands may take, beside the time on the wire.
inline constexpr std::chrono::milliseconds default_timeout{3000};

/// One command and what is expected of its answer.
struct Command {
  Op op;
  Bytes data;
  std::size_t body_bytes = 0;  ///< before the status bytes of the reply
  net::Duration timeout = default_timeout;
  int attempts = 3;  ///< 1 for a command that must not be repeated

  Command(Op o, Bytes d) : op(o), data(std::move(d)) {}
  Command(Op o, Bytes d, std::size_t body) : op(o), data(std::move(d)), body_bytes(body) {}
  Command(Op o, Bytes d, std::size_t body, net::Duration t, int a)
      : op(o), data(std::move(d)), body_bytes(body), timeout(t), attempts(a) {}
};

/// A reply that owns its bytes.
struct Answer {
  std::uint32_t value = 0;
  Bytes data;  ///< the body; from exchange() with the status bytes

  Answer() = default;
  Answer(std::uint32_t v, Bytes d) : value(v), data(std::move(d)) {}
};

/// Takes a line of the log of the conversation.
using LogFn = std::function<void(std::string line)>;

/// Requests and replies over one link: one at a time, each with a deadline that fits the rate.
class Exchange {
 public:
  explicit Exchange(net::Link& link) : link_(link) {}

  net::Link& link() { return link_; }
  net::Clock& clock() { return link_.clock(); }
  void set_rate(std::uint32_t baud_bps) { baud_ = baud_bps; }
  /// From now on nothing is waited for beyond this, whatever its own time.
  void set_limit(net::TimePoint limit) { limit_ = limit; }
  /// Receives every command and its outcome.
  void set_log(LogFn log) { log_ = std::move(log); }
  /// What `bytes` need on the wire.
  net::Duration wire_time(std::size_t bytes) const;

  /// Sends a frame in one write. `frame` outlives the call.
  net::Task<void> send(ByteSpan frame);
  /// The next frame of any kind. Errc::no_reply at the deadline.
  net::Task<Bytes> read_frame(net::TimePoint deadline);
  /// The next reply to `op`; others are ignored (up to 100). Errc::unsupported when the loader says
  /// that it does not know the command: ROMs do so eight times over, which is drained first.
  net::Task<Answer> await_reply(Op op, net::TimePoint deadline);
  /// One request and its reply, status not looked at. No retry.
  net::Task<Answer> exchange(Op op, Bytes data, net::Duration timeout);
  /// The body of a successful reply. A request that was damaged, or whose reply was lost or
  /// damaged, is repeated while attempts are left.
  net::Task<Answer> ask(Command command);

  /// Five times SYNC, 100 ms each. True when a stub answered (its value is 0).
  net::Task<bool> sync(int tries);
  /// Gets back in step after a frame was lost either way: the other end may still wait for the end
  /// of a frame, so that one C0 too many or too few is tried in turn. Errc::no_reply when it stays
  /// silent; an error that the loader had kept for us is returned as it is.
  net::Task<void> resync();
  /// Drops everything that has arrived.
  net::Task<void> discard();
  /// Waits until nothing has arrived for `quiet`, at most two seconds, and drops it.
  net::Task<void> drain_input(net::Duration quiet);

  /// What came since the last call and was no reply: boot messages, an application's text.
  std::string take_noise();

 private:
  net::Task<Answer> find_reply(Op op, net::TimePoint deadline);
  /// Collects the replies to a SYNC; `first` is the first one.
  net::Task<bool> finish_sync(Answer first);
  /// Drops the other copies of a ROM's "invalid message": eight came, or nothing more comes.
  net::Task<void> drain_refusals();
  void note(ByteSpan bytes);

  net::Link& link_;
  SlipDecoder decoder_;
  Bytes input_;
  std::size_t taken_ = 0;
  std::string noise_;
  std::uint32_t baud_ = 115200;
  net::TimePoint limit_ = net::TimePoint::max();
  LogFn log_;
};

/// True when the error says that nothing is known of the request's fate.
bool is_lost(const Error& error);

}  // namespace aiot::esp
