#include "protocol/energyrunner/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

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

namespace {

using namespace std::chrono_literals;

/// How long a greeting waits for its answer. A device that boots answers a later one.
constexpr auto greeting_silence = 700ms;
constexpr auto greeting_patience = 3s;
/// At each rate: the first greeting ends whatever command an earlier host has left unfinished.
constexpr int greetings_at_a_rate = 2;
constexpr int most_resyncs = 4;
constexpr int most_questions = 3;
/// The board between host and device says this instead of m-name (InterfaceMenu::Name).
constexpr std::string_view board_words = "Interface Board";

}  // namespace

net::Task<bool> Session::greet() {
  lines_.clear();
  Result<void> sent = co_await send("name");
  AIOT_CO_CHECK(std::move(sent));
  const net::Duration wire = wire_time(100);
  Result<Reply> reply = co_await collect(greeting_silence + wire, greeting_patience + wire);
  if (!reply) {
    if (may_be_mended(reply.error()) || reply.error().code == make_error_code(Errc::not_a_device)) {
      co_return false;
    }
    co_return std::move(reply).error();
  }
  for (const Heard& heard : reply->heard) {
    if (heard.message.kind == Kind::name) {
      greeting_.name = heard.message.text;
      co_return true;
    }
    if (heard.message.kind == Kind::timestamp_mode) {
      greeting_.energy_mode = heard.message.text == "energy";
    }
    if (!through_board_ && heard.message.kind == Kind::text &&
        heard.message.text.find(board_words) != std::string::npos) {
      through_board_ = greeting_.through_board = true;
    }
  }
  co_return false;
}

net::Task<void> Session::ask_profile() {
  Error last;
  for (int i = 0; i < most_questions; ++i) {
    Result<Reply> reply = co_await ask("profile");
    if (reply) {
      const Heard* profile = reply->find(Kind::profile);
      const Heard* model = reply->find(Kind::model);
      if (profile != nullptr) greeting_.profile = profile->message.text;
      if (model != nullptr) greeting_.model = model->message.text;
      if (model != nullptr) co_return Result<void>();
      last = fault_of(Errc::incomplete, "profile");
    } else {
      last = std::move(reply).error();
      if (!may_be_mended(last)) break;
    }
    Result<void> again = co_await resync();
    AIOT_CO_CHECK(std::move(again));
  }
  co_return last;
}

net::Task<void> Session::ask_mode() {
  Error last;
  for (int i = 0; i < most_questions; ++i) {
    // A device reports laps where these are how it reports time.
    Result<Reply> reply = co_await ask("timestamp");
    if (reply) {
      greeting_.energy_mode = reply->find(Kind::lap) == nullptr;
      co_return Result<void>();
    }
    last = std::move(reply).error();
    if (!may_be_mended(last)) break;
    // A firmware may lack the command, and say laps all the same.
    if (last.code == make_error_code(Errc::refused)) co_return Result<void>();
    Result<void> again = co_await resync();
    AIOT_CO_CHECK(std::move(again));
  }
  co_return last;
}

net::Task<Greeting> Session::connect(ConnectOptions options) {
  const net::TimePoint end = link_.clock().now() + options.patience;
  greeting_ = Greeting();
  through_board_ = false;
  const net::LinkInfo& info = link_.info();
  std::vector<std::uint32_t> rates =
      info.has_baud ? options.bauds_bps : std::vector<std::uint32_t>();
  if (rates.empty()) rates.push_back(info.baud_bps);
  bool found = false;
  for (std::size_t round = 0; !found; ++round) {
    const std::uint32_t rate = rates[round % rates.size()];
    if (info.has_baud && rates.size() > 1) {
      Result<void> set = co_await link_.set_baud(rate);
      AIOT_CO_CHECK(std::move(set));
    }
    baud_bps_ = rate;
    for (int i = 0; i < greetings_at_a_rate && !found; ++i) {
      Result<bool> answered = co_await greet();
      if (!answered) co_return std::move(answered).error().with("greeting the device");
      found = *answered;
    }
    if (!found && link_.clock().now() >= end) {
      std::string heard = lines_.tail();
      co_return make_error(
          through_board_ ? Errc::not_a_device : Errc::no_answer,
          through_board_ ? "the interface board answers, the device behind it does not"
                         : "greeting the device",
          "check the port, the rate and the wires; a device in energy mode runs at 9600 baud")
          .with_peer_text(heard.substr(0, 200));
    }
  }
  greeting_.baud_bps = baud_bps_;
  // An answer to an earlier greeting may still be on its way.
  Result<void> settled = co_await quiet();
  AIOT_CO_CHECK(std::move(settled));
  Result<void> asked = co_await ask_profile();
  AIOT_CO_CHECK(std::move(asked));
  Result<void> marked = co_await ask_mode();
  AIOT_CO_CHECK(std::move(marked));
  co_return greeting_;
}

net::Task<void> Session::resync() {
  for (int i = 0; i < most_resyncs; ++i) {
    Result<void> silent = co_await quiet();
    AIOT_CO_CHECK(std::move(silent));
    Result<bool> answered = co_await greet();
    if (!answered) co_return std::move(answered).error();
    if (*answered) co_return Result<void>();
  }
  co_return make_error(Errc::no_answer, "after an interruption",
                       "reset the device and start again");
}

namespace {

using namespace std::chrono_literals;

constexpr unsigned most_uploads = 3;
constexpr int most_reads = 3;
constexpr auto read_silence = 3s;
/// "m-buffer-" and eight bytes, a line end.
constexpr std::size_t line_chars = 9 + 8 * 3 + 1;

}  // namespace

net::Task<Bytes> Session::read_back(std::size_t bytes) {
  const std::size_t chars = (bytes + 7) / 8 * line_chars;
  Error last;
  for (int i = 0; i < most_reads; ++i) {
    const net::Duration patience = read_silence + 2 * wire_time(chars) + chars * 1ms;
    Result<Reply> reply = co_await exchange("db print", read_silence, patience);
    if (reply && reply->damage) last = *reply->damage;
    if (!reply) last = std::move(reply).error();
    if (reply && !reply->damage) {
      Bytes out;
      for (const Heard& heard : reply->heard) append(out, heard.message.bytes);
      if (out.size() == bytes) co_return out;
      last = fault_of(Errc::incomplete, fmt::format("db print: {} bytes of {}", out.size(), bytes));
    } else if (!may_be_mended(last)) {
      co_return last;
    }
    Result<void> again = co_await resync();
    AIOT_CO_CHECK(std::move(again));
  }
  co_return last;
}

net::Task<void> Session::try_upload(ByteSpan input, bool prove, Upload& upload) {
  upload.commands = 1;
  Result<Reply> announced = co_await ask(load_command(input.size()));
  if (!announced) co_return std::move(announced).error();
  const Heard* expecting = announced->find(Kind::expecting);
  if (expecting == nullptr || expecting->message.number != input.size()) {
    co_return fault_of(Errc::upload_failed, "it does not expect the input's size");
  }
  ByteSpan left = input;
  while (!left.empty()) {
    const ByteSpan chunk = left.first(std::min(left.size(), chunk_bytes()));
    left = left.subspan(chunk.size());
    ++upload.commands;
    Result<Reply> taken = co_await ask(chunk_command(chunk));
    if (!taken) co_return std::move(taken).error();
    if ((taken->find(Kind::load_done) != nullptr) != left.empty()) {
      co_return fault_of(Errc::upload_failed,
                         left.empty() ? "it waits for more bytes" : "it is done too early");
    }
  }
  if (!prove) co_return Result<void>();
  Result<Bytes> held = co_await read_back(input.size());
  if (!held) co_return std::move(held).error();
  const auto [ours, theirs] = std::ranges::mismatch(input, *held);
  if (ours != input.end()) {
    co_return fault_of(Errc::upload_mismatch, fmt::format("byte {}: sent {:#04x}, holds {:#04x}",
                                                          ours - input.begin(), *ours, *theirs));
  }
  upload.proved = true;
  co_return Result<void>();
}

net::Task<Upload> Session::upload(ByteSpan input, bool prove) {
  Upload upload;
  for (;;) {
    ++upload.attempts;
    Result<void> done = co_await try_upload(input, prove, upload);
    if (done) co_return upload;
    Error error = std::move(done).error();
    if (!may_be_mended(error) || upload.attempts == most_uploads) {
      co_return std::move(error).with(fmt::format("loading {} bytes", input.size()));
    }
    upload.repaired.push_back(std::move(error));
    Result<void> again = co_await resync();
    AIOT_CO_CHECK(std::move(again));
  }
}

namespace {

constexpr int most_repeats = 3;

}  // namespace

net::Task<std::vector<double>> Session::repeat_results() {
  Error last;
  for (int i = 0; i < most_repeats; ++i) {
    Result<Reply> reply = co_await ask("results");
    if (reply) {
      if (const Heard* results = reply->find(Kind::results)) co_return results->message.values;
      last = fault_of(Errc::incomplete, "results");
    } else {
      last = std::move(reply).error();
      if (!may_be_mended(last)) break;
    }
    Result<void> again = co_await resync();
    AIOT_CO_CHECK(std::move(again));
  }
  co_return last;
}

net::Task<Inference> Session::infer(InferRequest request) {
  // Nothing is said while the model runs: silence is allowed for as long as all of it may take.
  const net::Duration patience = request.patience + wire_time(2 * LineReader::most_chars);
  Result<Reply> reply =
      co_await exchange(infer_command(request.iterations, request.warmups), patience, patience);
  if (!reply) co_return std::move(reply).error();
  Inference out;
  const Heard* first = nullptr;
  const Heard* second = nullptr;
  const Heard* results = nullptr;
  bool started = false;
  for (const Heard& heard : reply->heard) {
    const Kind kind = heard.message.kind;
    if (kind == Kind::infer_start) {
      started = true;
      out.begin = heard.at;
    }
    if (kind == Kind::infer_done) out.end = heard.at;
    if (kind == Kind::results) results = &heard;
    if (kind != Kind::lap || !started) continue;
    (first == nullptr ? first : second) = &heard;
  }
  if (!started) co_return fault_of(Errc::incomplete, "it did not say that it inferred");
  if (first != nullptr && second != nullptr) {
    // 32-bit arithmetic is right when the clock went round in between.
    out.device_us = second->message.number - first->message.number;
    out.begin = first->at;
    out.end = second->at;
  } else if (!greeting_.energy_mode) {
    if (reply->damage) co_return std::move(*reply->damage).with("infer");
    co_return fault_of(Errc::incomplete, "infer: a lap is missing");
  }
  if (results != nullptr) {
    out.results = results->message.values;
    co_return out;
  }
  out.results_repeated = true;
  Result<std::vector<double>> again = co_await repeat_results();
  if (!again) co_return std::move(again).error();
  out.results = *std::move(again);
  co_return out;
}

}  // namespace aiot::energyrunner
