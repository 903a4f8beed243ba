#include "net/rfc2217/link.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "net/clock.hpp"
#include "net/tcp_link.hpp"

namespace aiot::net::rfc2217 {
namespace {

/// How long a server may take to answer: a round trip, and a driver that sets its port up.
constexpr std::chrono::seconds answer_time{3};
/// What may wait to be read. More is lost, as in the buffer of a port.
constexpr std::size_t most_arrived_bytes = 256 * 1024;
/// A drain ends when nothing comes for so long, and after so many reads in any case.
constexpr std::chrono::milliseconds drained_time{1};
constexpr int most_drain_reads = 64;

}  // namespace

RemoteSerialLink::RemoteSerialLink(FdStream stream, std::string host, std::uint16_t port,
                                   std::uint32_t baud_bps)
    : stream_(std::move(stream)), host_(std::move(host)), port_(port), baud_bps_(baud_bps) {
  info_.kind = "rfc2217";
  info_.has_lines = true;
  info_.has_baud = true;
  info_.baud_bps = baud_bps;
}

Task<std::unique_ptr<Link>> RemoteSerialLink::open(std::string host, std::uint16_t port,
                                                   std::uint32_t baud_bps, TimePoint deadline) {
  Result<FdStream> stream = co_await tcp_connect(host, port, deadline);
  if (!stream) co_return std::move(stream).error();
  std::unique_ptr<RemoteSerialLink> link(
      new RemoteSerialLink(*std::move(stream), host, port, baud_bps));
  Result<void> ready = co_await link->set_up(deadline);
  if (!ready) co_return std::move(ready).error().with(host_and_port(host, port));
  std::unique_ptr<Link> out = std::move(link);
  co_return out;
}

Task<void> RemoteSerialLink::set_up(TimePoint deadline) {
  deadline = std::min(deadline, clock().now() + answer_time);
  const Bytes hello = negotiator_.open(true);
  Result<void> greeted = co_await stream_.write(hello, deadline);
  AIOT_CO_CHECK(std::move(greeted));
  while (!negotiator_.has_answer(com_port)) {
    Result<void> pumped = co_await pump(deadline);
    if (!pumped && pumped.error().code == Errc::timed_out) break;
    AIOT_CO_CHECK(std::move(pumped));
  }
  if (!negotiator_.we_do(com_port)) {
    co_return make_error(Errc::protocol, "the server does not speak RFC 2217",
                         fmt::format("turn RFC 2217 on there, or use tcp://{} when the rate and "
                                     "the lines need not be set",
                                     host_and_port(host_, port_)));
  }
  Bytes settings;
  append(settings, encode(message(Command::set_datasize, 8)));
  append(settings, encode(message(Command::set_parity, 1)));
  append(settings, encode(message(Command::set_stopsize, 1)));
  append(settings, encode(message(Command::set_control, control::no_flow_control)));
  Result<void> written = co_await stream_.write(settings, deadline);
  AIOT_CO_CHECK(std::move(written));
  Result<void> set = co_await set_baud(baud_bps_);
  co_return set;
}

void RemoteSerialLink::sort(ByteSpan bytes, Bytes& replies) {
  arrived_.erase(arrived_.begin(), arrived_.begin() + static_cast<std::ptrdiff_t>(taken_));
  taken_ = 0;
  for (Item& item : decoder_.decode(bytes)) {
    if (const auto* data = std::get_if<Data>(&item)) {
      const std::size_t room = most_arrived_bytes - std::min(arrived_.size(), most_arrived_bytes);
      append(arrived_, ByteSpan(data->bytes).first(std::min(room, data->bytes.size())));
    } else if (const auto* negotiation = std::get_if<Negotiation>(&item)) {
      append(replies, negotiator_.on(*negotiation));
    } else if (const auto& sub = std::get<Subnegotiation>(item); sub.option == com_port) {
      std::optional<Message> decoded = decode_message(sub.value);
      if (!decoded || !decoded->by_server) continue;
      if (decoded->command == Command::flowcontrol_suspend) suspended_ = true;
      if (decoded->command == Command::flowcontrol_resume) suspended_ = false;
      // What came before the answer to a purge is what was to be dropped.
      if (decoded->command == Command::purge_data && std::exchange(purging_, false)) {
        forget_arrived();
      }
      answer_to(decoded->command) = std::move(decoded);
    }
  }
}

Task<void> RemoteSerialLink::pump(TimePoint deadline) {
  std::array<std::uint8_t, 4096> buffer;  // NOLINT: filled by read_some
  Result<std::size_t> count = co_await stream_.read_some(buffer, deadline);
  AIOT_CO_CHECK(std::move(count));
  Bytes replies;
  sort(ByteSpan(buffer).first(*count), replies);
  if (!replies.empty()) {
    Result<void> written = co_await stream_.write(replies, deadline);
    AIOT_CO_CHECK(std::move(written));
  }
  co_return Result<void>();
}

Task<void> RemoteSerialLink::wait_for_answer(Command command, TimePoint deadline) {
  while (!answer_to(command)) {
    Result<void> pumped = co_await pump(deadline);
    AIOT_CO_CHECK(std::move(pumped));
  }
  co_return Result<void>();
}

Task<std::size_t> RemoteSerialLink::read_some(std::span<std::uint8_t> buffer, TimePoint deadline) {
  while (taken_ == arrived_.size()) {
    Result<void> pumped = co_await pump(deadline);
    AIOT_CO_CHECK(std::move(pumped));
  }
  if (clock().now() >= deadline) co_return make_error(Errc::timed_out);
  const ByteSpan left = ByteSpan(arrived_).subspan(taken_);
  const std::size_t count = std::min(buffer.size(), left.size());
  std::copy_n(left.begin(), count, buffer.begin());
  taken_ += count;
  co_return count;
}

Task<void> RemoteSerialLink::write(ByteSpan data, TimePoint deadline) {
  while (suspended_) {
    Result<void> pumped = co_await pump(deadline);
    AIOT_CO_CHECK(std::move(pumped));
  }
  const Bytes escaped = escape(data);
  Result<void> written = co_await stream_.write(escaped, deadline);
  co_return written;
}

Task<void> RemoteSerialLink::drain(TimePoint) { co_return Result<void>(); }

Task<void> RemoteSerialLink::purge_remote() {
  const TimePoint deadline = clock().now() + answer_time;
  answer_to(Command::purge_data).reset();
  purging_ = true;
  const Bytes request = encode(message(Command::purge_data, purge::receive));
  Result<void> written = co_await stream_.write(request, deadline);
  AIOT_CO_CHECK(std::move(written));
  Result<void> answered = co_await wait_for_answer(Command::purge_data, deadline);
  purging_ = false;
  co_return answered;
}

Task<void> RemoteSerialLink::discard_input() {
  if (answers_purge_) {
    Result<void> purged = co_await purge_remote();
    if (purged || purged.error().code != Errc::timed_out) co_return purged;
    answers_purge_ = false;  // a server that does not do it: do not wait for it again
  }
  // What is here already; through the decoder, which must not lose its place in the stream.
  Result<void> pumped;
  for (int i = 0; pumped && i < most_drain_reads; ++i) {
    pumped = co_await pump(clock().now() + drained_time);
    forget_arrived();
  }
  if (!pumped && pumped.error().code == Errc::timed_out) co_return Result<void>();
  co_return pumped;
}

Task<void> RemoteSerialLink::set_baud(std::uint32_t baud_bps) {
  if (baud_bps == 0) co_return make_error(Errc::bad_baud, "0 baud");
  answer_to(Command::set_baudrate).reset();
  const Bytes request = encode(baud_message(baud_bps));
  const TimePoint deadline = clock().now() + answer_time;
  Result<void> written = co_await stream_.write(request, deadline);
  AIOT_CO_CHECK(std::move(written));
  Result<void> answered = co_await wait_for_answer(Command::set_baudrate, deadline);
  if (!answered) co_return std::move(answered).error().with("setting the remote port's rate");
  const auto got = baud_of(*answer_to(Command::set_baudrate));
  if (!got) co_return make_error(Errc::protocol, "the answer to a change of rate");
  const std::uint64_t off = *got > baud_bps ? *got - baud_bps : baud_bps - *got;
  if (off * 100 > std::uint64_t{baud_bps} * 3) {
    co_return make_error(Errc::bad_baud,
                         fmt::format("{} baud, the server's port stays at {}", baud_bps, *got));
  }
  baud_bps_ = baud_bps;
  co_return Result<void>();
}

Task<void> RemoteSerialLink::set_lines(std::span<const LineStep> steps) {
  const auto encode_step = [](const LineStep& step, Bytes& out) {
    if (step.dtr) {
      append(out,
             encode(message(Command::set_control, *step.dtr ? control::dtr_on : control::dtr_off)));
    }
    if (step.rts) {
      append(out,
             encode(message(Command::set_control, *step.rts ? control::rts_on : control::rts_off)));
    }
  };
  Bytes burst;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    encode_step(steps[i], burst);
    // Everything up to the next pause leaves in one piece.
    if (steps[i].hold.count() == 0 && i + 1 < steps.size()) continue;
    Result<void> written = co_await stream_.write(burst, clock().now() + answer_time);
    AIOT_CO_CHECK(std::move(written));
    burst.clear();
    if (steps[i].hold.count() == 0) continue;
    Result<void> held = co_await clock().sleep_for(steps[i].hold);
    AIOT_CO_CHECK(std::move(held));
  }
  co_return Result<void>();
}

Task<void> RemoteSerialLink::reopen(TimePoint deadline) {
  // The handshake too: a server whose port is away may take the connection and close it.
  auto connect = [this, deadline]() -> Task<void> {
    stream_.close();
    Result<FdStream> stream = co_await tcp_connect(host_, port_, deadline);
    if (!stream) co_return std::move(stream).error();
    stream_ = *std::move(stream);
    decoder_ = TelnetDecoder();
    negotiator_ = Negotiator();
    forget_arrived();
    answers_.fill(std::nullopt);
    suspended_ = false;
    co_return co_await set_up(deadline);
  };
  Result<void> again = co_await patiently(clock(), deadline, std::move(connect));
  co_return again;
}

}  // namespace aiot::net::rfc2217
