#include "protocol/energyrunner/session.hpp"

#include <algorithm>
#include <array>

#include "protocol/energyrunner/command.hpp"

namespace aiot::energyrunner {
namespace {

using namespace std::chrono_literals;

/// Between a short command and its reply: a device at 9600 baud behind a board takes 0.2 s.
constexpr auto usual_silence = 2s;
constexpr auto usual_patience = 10s;
/// So long nothing may arrive for the line to count as quiet, and so long a chatterer is heard out.
constexpr auto quiet_time = 60ms;
constexpr auto quiet_limit = 2s;
/// A reply of more lines is none: reading back the largest input takes 3,500.
constexpr std::size_t most_messages = 20'000;

}  // namespace

bool may_be_mended(const Error& error) {
  constexpr std::array mendable = {Errc::no_answer, Errc::garbled,        Errc::not_loaded,
                                   Errc::restarted, Errc::incomplete,     Errc::upload_failed,
                                   Errc::refused,   Errc::upload_mismatch};
  return std::ranges::any_of(mendable, [&](Errc e) { return error.code == make_error_code(e); });
}

const Session::Heard* Session::Reply::find(Kind kind) const {
  const auto found =
      std::ranges::find_if(heard, [kind](const Heard& one) { return one.message.kind == kind; });
  return found == heard.end() ? nullptr : &*found;
}

net::Duration Session::wire_time(std::size_t chars) const {
  if (baud_bps_ == 0) return net::Duration::zero();
  return std::chrono::nanoseconds(chars * 10'000'000'000ULL / baud_bps_);
}

std::size_t Session::chunk_bytes() const {
  return through_board_ ? board_chunk_bytes : most_chunk_bytes;
}

net::Task<void> Session::send(std::string command) {
  std::string line = through_board_ ? "dut " : "";
  line += command;
  line += command_end;
  const net::TimePoint deadline = link_.clock().now() + usual_patience + 2 * wire_time(line.size());
  Result<void> written = co_await link_.write(as_bytes(line), deadline);
  co_return std::move(written).with("sending " + command.substr(0, 20));
}

net::Task<Session::Reply> Session::collect(net::Duration silence, net::Duration patience) {
  Reply reply;
  std::array<std::uint8_t, 1024> buffer;
  net::TimePoint heard = link_.clock().now();
  const net::TimePoint end = heard + patience;
  bool boards_own = false;  // the next m-ready is the board's
  while (true) {
    while (auto line = lines_.next()) {
      Result<Message> message = decode_line(*line);
      if (!message) {
        if (!reply.damage) reply.damage = message.error();
        continue;
      }
      if (message->kind == Kind::passed_on) boards_own = true;
      if (message->kind == Kind::ready) {
        if (!boards_own) co_return reply;
        boards_own = false;
        continue;
      }
      if (reply.heard.size() == most_messages) {
        co_return fault_of(Errc::not_a_device, "it talks without end");
      }
      reply.heard.push_back({*std::move(message), heard});
    }
    const net::TimePoint deadline = std::min(end, link_.clock().now() + silence);
    Result<std::size_t> got = co_await link_.read_some(buffer, deadline);
    heard = link_.clock().now();
    if (got) {
      lines_.add(ByteSpan(buffer).first(*got));
      continue;
    }
    if (got.error().code != net::make_error_code(net::Errc::timed_out)) {
      co_return std::move(got).error();
    }
    // A last line without an end is a line all the same.
    Result<Message> tail = decode_line(lines_.tail());
    if (tail && tail->kind == Kind::ready && !boards_own) {
      lines_.clear();
      co_return reply;
    }
    std::string last = reply.heard.empty() ? lines_.tail() : reply.heard.back().message.text;
    if (reply.damage) co_return std::move(*reply.damage);
    co_return make_error(Errc::no_answer, {},
                         "see that it runs the benchmark's firmware, and that nothing else talks "
                         "to it")
        .with_peer_text(last.substr(0, 200));
  }
}

net::Task<Session::Reply> Session::exchange(std::string command, net::Duration silence,
                                            net::Duration patience) {
  lines_.clear();
  std::string step = command.substr(0, 20);
  Result<void> sent = co_await send(std::move(command));
  AIOT_CO_CHECK(std::move(sent));
  Result<Reply> reply = co_await collect(silence, patience);
  if (!reply) co_return std::move(reply).error().with(step);
  for (const Heard& heard : reply->heard) {
    const Message& message = heard.message;
    if (message.kind == Kind::init_done) {
      co_return make_error(Errc::restarted, step, "see that its supply and its reset are steady");
    }
    if (message.kind != Kind::error) continue;
    const Errc code = message.cause == Message::Cause::not_loaded  ? Errc::not_loaded
                      : message.cause == Message::Cause::too_large ? Errc::too_large
                                                                   : Errc::refused;
    co_return fault_of(code, step).with_peer_text(message.text.substr(0, 200));
  }
  co_return reply;
}

net::Task<Session::Reply> Session::ask(std::string command) {
  const net::Duration wire = wire_time(2 * command.size() + 200);
  Result<Reply> reply =
      co_await exchange(std::move(command), usual_silence + wire, usual_patience + wire);
  if (reply && reply->damage) co_return std::move(*reply->damage);
  co_return reply;
}

net::Task<void> Session::quiet() {
  std::array<std::uint8_t, 1024> buffer;
  const net::TimePoint end = link_.clock().now() + quiet_limit;
  while (link_.clock().now() < end) {
    const net::TimePoint deadline = link_.clock().now() + quiet_time;
    Result<std::size_t> got = co_await link_.read_some(buffer, deadline);
    if (got) continue;
    if (got.error().code != net::make_error_code(net::Errc::timed_out)) {
      co_return std::move(got).error();
    }
    break;
  }
  lines_.clear();
  co_return Result<void>();
}

net::Task<std::uint32_t> Session::timestamp() {
  Result<Reply> reply = co_await ask("timestamp");
  if (!reply) co_return std::move(reply).error();
  const Heard* lap = reply->find(Kind::lap);
  if (lap == nullptr) co_return fault_of(Errc::incomplete, "timestamp");
  co_return lap->message.number;
}

}  // namespace aiot::energyrunner
