#include <fmt/format.h>

#include <array>

#include "job/listen/framing.hpp"
#include "job/listen/source.hpp"
#include "net/error.hpp"

namespace aiot::listen {
namespace {

constexpr std::size_t read_bytes = 64 * 1024;
/// Nothing waits for ever: an RFC 2217 link looks at its own timers meanwhile.
constexpr std::chrono::seconds longest_wait{1};
constexpr std::chrono::seconds send_time{10};
/// How often it is looked whether the link is open by now.
constexpr std::chrono::milliseconds connect_poll{10};
/// How long a lost device is waited for in one go.
constexpr std::chrono::hours stream_patience{1};

/// EN low for a moment, as the reset button does it; IO0 stays high, so that the application
/// starts.
constexpr std::array<net::LineStep, 2> reset_pulse = {{
    {.dtr = false, .rts = true, .hold = std::chrono::milliseconds(100)},
    {.dtr = false, .rts = false},
}};

/// A port or connection that carries a stream of bytes: everything net::open_link opens.
class StreamSource final : public Source {
 public:
  StreamSource(Address address, bool reconnect)
      : address_(std::move(address)), reconnect_(reconnect) {}

  net::Task<void> run(SourceContext& context) override {
    clock_ = &context.clock;
    net::OpenOptions options;
    options.baud_bps = context.request.baud_bps;
    Address address = address_;
    Result<std::unique_ptr<net::Link>> opened =
        co_await context.open(std::move(address), std::move(options));
    if (!opened) co_return std::move(opened).error();
    link_ = *std::move(opened);
    Result<void> ended = co_await listen(context);
    link_->close();
    co_return ended;
  }

  net::Task<void> send(Bytes data) override {
    if (!clock_) co_return make_error(net::Errc::link_lost, "sending: not listening yet");
    // Input is often there before the port is open.
    const net::TimePoint deadline = clock_->now() + send_time;
    while (!link_ && clock_->now() < deadline) {
      Result<void> slept = co_await clock_->sleep_for(connect_poll);
      AIOT_CO_CHECK(std::move(slept));
    }
    if (!link_) co_return make_error(net::Errc::timed_out, "sending: not connected yet");
    Result<void> sent = co_await link_->write(data, deadline);
    co_return sent;
  }

 private:
  net::Task<void> listen(SourceContext& context) {
    if (context.request.reset) {
      Result<void> reset = co_await link_->set_lines(reset_pulse);
      if (!reset) co_return std::move(reset).error().with("resetting the device");
    }
    while (true) {
      Result<void> heard = co_await receive(context);
      if (heard || heard.error().code != net::Errc::link_lost) co_return heard;
      // The other end is done, which for a plain connection is how things end.
      if (!reconnect_) co_return Result<void>();
      context.notice("listen.lost", "lost; waiting for it to come back", "");
      net::TimePoint deadline = context.clock.now() + stream_patience;
      Result<void> back = co_await link_->reopen(deadline);
      // Only what has waited is asked again: a link may know at once that nothing will come back.
      while (!back && back.error().condition() == Condition::timeout &&
             context.clock.now() >= deadline) {
        deadline = context.clock.now() + stream_patience;
        back = co_await link_->reopen(deadline);
      }
      if (!back && back.error().code == net::Errc::link_lost) {
        // The program behind a pseudo-terminal is gone: how things end, as for a connection.
        context.notice("listen.ended", back.error().context, "");
        co_return Result<void>();
      }
      if (!back) co_return back;
      context.notice("listen.back", "it is back", "");
    }
  }

  /// Reads until the link ends; what was begun is reported even then.
  net::Task<void> receive(SourceContext& context) {
    Framer framer(context.request.framing);
    Bytes buffer(read_bytes);
    const auto tell = [&](const std::optional<Frame>& frame) {
      if (!frame) return false;
      Message message{.payload = std::string(frame->bytes)};
      message.truncated = frame->truncated;
      context.report(std::move(message));
      return true;
    };
    while (true) {
      const net::Duration wait =
          framer.pending() ? net::Duration(context.request.idle) : net::Duration(longest_wait);
      Result<std::size_t> got = co_await link_->read_some(buffer, context.clock.now() + wait);
      if (got) {
        framer.feed(ByteSpan(buffer).first(*got));
        while (tell(framer.next())) {
        }
        continue;
      }
      tell(framer.flush());
      if (got.error().code != net::Errc::timed_out) co_return std::move(got).error();
    }
  }

  Address address_;
  bool reconnect_;
  net::Clock* clock_ = nullptr;
  std::unique_ptr<net::Link> link_;
};

}  // namespace

Result<std::unique_ptr<Source>> make_stream_source(const Address& address, const Request& request) {
  // A server that closes a connection has said all; a port is only unplugged.
  const bool usual = address.scheme != "tcp";
  return std::make_unique<StreamSource>(address, request.reconnect.value_or(usual));
}

}  // namespace aiot::listen
