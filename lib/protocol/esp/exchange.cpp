#include "protocol/esp/exchange.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace aiot::esp {
namespace {

using std::chrono::milliseconds;

constexpr int ignored_replies = 100;
constexpr milliseconds sync_timeout{100};
constexpr milliseconds unsupported_quiet{200};
constexpr int refusal_copies = 8;           // of a ROM's "invalid message"
constexpr milliseconds refusals_quiet{20};  // beyond the latency timer of USB adapters
constexpr std::size_t noise_limit = 4096;
constexpr int sync_replies = 8;
constexpr std::size_t reply_bytes = 64;

/// The bytes of one of several attempts. After a lost C0 the stub takes the end of each frame for
/// the start of the next, and stays so until one C0 more than a frame has is sent: the third does.
Bytes attempt_bytes(const Bytes& frame, int attempt) {
  const std::size_t extra = attempt % 3 == 0 ? 1 : 0;
  Bytes out(extra + frame.size(), 0xC0);
  std::copy(frame.begin(), frame.end(), out.begin() + static_cast<std::ptrdiff_t>(extra));
  return out;
}

std::string command_name(Op op) {
  const std::string_view name = op_name(op);
  return name.empty() ? fmt::format("command {:02x}", static_cast<unsigned>(op))
                      : std::string(name);
}

/// "READ_REG: value 00f01d83, 4 bytes: 00000000"
std::string outcome(Op op, const Result<Answer>& answer) {
  if (!answer) return answer.error().message();
  constexpr std::size_t shown = 32;
  const ByteSpan data = answer->data;
  return fmt::format("{}: value {:08x}, {} bytes: {}{}", command_name(op), answer->value,
                     data.size(), to_hex(data.first(std::min(shown, data.size()))),
                     data.size() > shown ? "…" : "");
}

}  // namespace

bool is_lost(const Error& error) {
  return error.code == make_error_code(Errc::no_reply) ||
         error.code == make_error_code(Errc::bad_reply);
}

net::Duration Exchange::wire_time(std::size_t bytes) const {
  constexpr std::uint64_t bits = 10;  // start, eight, stop
  return std::chrono::microseconds(bytes * bits * 1'000'000 / std::max<std::uint32_t>(baud_, 1));
}

void Exchange::note(ByteSpan bytes) {
  const std::size_t room = noise_limit - std::min(noise_limit, noise_.size());
  noise_ += to_string(bytes.first(std::min(room, bytes.size())));
}

std::string Exchange::take_noise() {
  const Bytes left = decoder_.take_noise();
  note(left);
  return std::exchange(noise_, {});
}

net::Task<void> Exchange::send(ByteSpan frame) {
  const net::TimePoint deadline = clock().now() + default_timeout + 2 * wire_time(frame.size());
  co_return co_await link_.write(frame, deadline);
}

net::Task<Bytes> Exchange::read_frame(net::TimePoint deadline) {
  deadline = std::min(deadline, limit_);
  for (;;) {
    ByteSpan left = ByteSpan(input_).subspan(taken_);
    std::optional<Bytes> frame = decoder_.next(left);
    taken_ = input_.size() - left.size();
    if (frame) co_return std::move(*frame);
    input_.resize(16 * 1024);
    taken_ = input_.size();
    Result<std::size_t> got = co_await link_.read_some(input_, deadline);
    if (!got) {
      input_.clear();
      taken_ = 0;
      if (got.error().code == net::make_error_code(net::Errc::timed_out)) {
        co_return make_error(Errc::no_reply, {},
                             "check the cable, the power and that nothing else resets the chip");
      }
      co_return std::move(got).error();
    }
    input_.resize(*got);
    taken_ = 0;
  }
}

net::Task<Answer> Exchange::await_reply(Op op, net::TimePoint deadline) {
  Result<Answer> answer = co_await find_reply(op, deadline);
  if (log_) log_(outcome(op, answer));
  co_return answer;
}

net::Task<Answer> Exchange::find_reply(Op op, net::TimePoint deadline) {
  for (int i = 0; i < ignored_replies; ++i) {
    AIOT_CO_TRY(const Bytes frame, (co_await read_frame(deadline)).with(command_name(op)));
    Result<Reply> reply = decode_reply(frame);
    if (!reply) {
      // A damaged answer to this very request will not come again; anything else is not for us.
      if (frame.size() >= 2 && frame[0] == 0x01 && frame[1] == static_cast<std::uint8_t>(op))
        co_return std::move(reply).error().with(command_name(op));
      note(frame);
      continue;
    }
    const bool unknown_message = reply->data.size() >= 2 && reply->data[0] == 0x01 &&
                                 reply->data[1] == reason::invalid_message;
    if (unknown_message && (reply->op == op || reply->data.size() <= 4)) {
      AIOT_CO_CHECK(co_await drain_refusals());
      co_return make_error(Errc::unsupported, command_name(op))
          .with_peer_text(fmt::format("error {:02x}: {}", reason::invalid_message,
                                      reason_name(reason::invalid_message)));
    }
    if (reply->op == op)
      co_return Answer(reply->value, Bytes(reply->data.begin(), reply->data.end()));
  }
  co_return make_error(Errc::bad_reply, fmt::format("{}: {} replies to other commands",
                                                    command_name(op), ignored_replies));
}

net::Task<void> Exchange::drain_refusals() {
  for (int more = 1; more < refusal_copies; ++more) {
    const net::TimePoint deadline = clock().now() + unsupported_quiet;
    Result<Bytes> copy = co_await read_frame(deadline);
    if (copy) continue;
    if (copy.error().code != make_error_code(Errc::no_reply)) co_return std::move(copy).error();
    co_return co_await discard();
  }
  // More than eight would be taken for the refusal of the next command.
  co_return co_await drain_input(refusals_quiet);
}

net::Task<Answer> Exchange::exchange(Op op, Bytes data, net::Duration timeout) {
  const Bytes frame = frame_request(op, data);
  AIOT_CO_CHECK((co_await send(frame)).with(command_name(op)));
  const net::TimePoint deadline =
      clock().now() + timeout + 2 * wire_time(frame.size() + reply_bytes);
  co_return co_await await_reply(op, deadline);
}

net::Task<Answer> Exchange::ask(Command command) {
  const Bytes frame = frame_request(command.op, command.data);
  for (int attempt = 1;; ++attempt) {
    if (attempt > 1) {
      AIOT_CO_CHECK(co_await drain_input(milliseconds(50)));
    }
    const Bytes bytes = attempt_bytes(frame, attempt);
    AIOT_CO_CHECK((co_await send(bytes)).with(command_name(command.op)));
    const net::TimePoint deadline = clock().now() + command.timeout +
                                    2 * wire_time(frame.size() + reply_bytes + command.body_bytes);
    Result<Answer> answer = co_await await_reply(command.op, deadline);
    Error error;
    if (answer) {
      const Reply reply{command.op, answer->value, answer->data};
      Result<ByteSpan> body = check_status(reply, command.body_bytes);
      if (body) {
        if (attempt > 1) {
          // The answer to an earlier attempt may still come, and must not answer what is next.
          AIOT_CO_CHECK(co_await drain_input(milliseconds(50)));
        }
        co_return Answer(answer->value, Bytes(body->begin(), body->end()));
      }
      error = std::move(body).error();
    } else {
      error = std::move(answer).error();
    }
    const bool again = is_lost(error) || error.code == make_error_code(Errc::damaged);
    const bool may = attempt < command.attempts && clock().now() < limit_;
    if (!again || !may) co_return std::move(error);
  }
}

net::Task<bool> Exchange::finish_sync(Answer first) {
  bool stub = first.value == 0;
  for (int i = 1; i < sync_replies; ++i) {
    const net::TimePoint deadline = clock().now() + sync_timeout;
    Result<Answer> more = co_await await_reply(Op::sync, deadline);
    if (more) {
      stub = stub && more->value == 0;
    } else if (is_lost(more.error())) {
      break;
    } else {
      co_return std::move(more).error();
    }
  }
  co_return stub;
}

net::Task<bool> Exchange::sync(int tries) {
  const Bytes payload = sync_payload();
  const Bytes frame = frame_request(Op::sync, payload);
  for (int i = 1;; ++i) {
    const Bytes bytes = attempt_bytes(frame, i);
    AIOT_CO_CHECK((co_await send(bytes)).with("SYNC"));
    const net::TimePoint deadline = clock().now() + sync_timeout + wire_time(frame.size());
    Result<Answer> first = co_await await_reply(Op::sync, deadline);
    if (first) {
      const Reply reply{Op::sync, first->value, first->data};
      Result<ByteSpan> body = check_status(reply, 0);
      if (body) co_return co_await finish_sync(std::move(*first));
      if (i >= tries) co_return std::move(body).error();
    } else {
      const bool unknown = first.error().code == make_error_code(Errc::unsupported);
      if (!is_lost(first.error()) && !unknown) co_return std::move(first).error();
      if (i >= tries) co_return std::move(first).error();
    }
    AIOT_CO_CHECK(co_await discard());
  }
}

net::Task<void> Exchange::resync() {
  const Bytes payload = sync_payload();
  const Bytes frame = frame_request(Op::sync, payload);
  Error last;
  for (int attempt = 1; attempt <= 6; ++attempt) {
    AIOT_CO_CHECK(co_await drain_input(milliseconds(50)));
    const Bytes bytes = attempt_bytes(frame, attempt);
    AIOT_CO_CHECK(co_await send(bytes));
    const net::TimePoint deadline = clock().now() + milliseconds(500) + wire_time(frame.size());
    Result<Answer> first = co_await await_reply(Op::sync, deadline);
    if (first) {
      const Reply reply{Op::sync, first->value, first->data};
      Result<ByteSpan> body = check_status(reply, 0);
      if (!body && body.error().code == make_error_code(Errc::refused))
        co_return std::move(body).error();
      if (body) {
        AIOT_CO_CHECK(co_await finish_sync(std::move(*first)));
        co_return Result<void>();
      }
      last = std::move(body).error();
      continue;
    }
    last = std::move(first).error();
    if (!is_lost(last) && last.code != make_error_code(Errc::unsupported))
      co_return std::move(last);
  }
  co_return std::move(last).with("getting back in step");
}

net::Task<void> Exchange::discard() {
  const Bytes left = decoder_.take_noise();
  note(left);
  note(ByteSpan(input_).subspan(taken_));
  decoder_.reset();
  input_.clear();
  taken_ = 0;
  co_return co_await link_.discard_input();
}

net::Task<void> Exchange::drain_input(net::Duration quiet) {
  const net::TimePoint end = std::min(limit_, clock().now() + std::chrono::seconds(2));
  std::array<std::uint8_t, 512> buffer{};
  for (;;) {
    const net::TimePoint deadline = std::min(end, clock().now() + quiet);
    Result<std::size_t> got = co_await link_.read_some(buffer, deadline);
    if (!got) {
      if (got.error().code != net::make_error_code(net::Errc::timed_out))
        co_return std::move(got).error();
      break;
    }
    if (clock().now() >= end) break;
  }
  co_return co_await discard();
}

}  // namespace aiot::esp
