#include "protocol/power/lpm01a.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

namespace aiot::power::lpm01a {
namespace {

constexpr std::string_view prompt = "PowerShield > ";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

template <class Number>
std::optional<Number> take_number(std::string_view& text) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

bool take(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

/// "6409-07": four digits, a sign, two digits.
std::optional<double> sample_of(std::string_view word) {
  if (word.size() != 7 || (word[4] != '-' && word[4] != '+')) return std::nullopt;
  if (!std::all_of(word.begin(), word.begin() + 4, is_digit) || !is_digit(word[5]) ||
      !is_digit(word[6])) {
    return std::nullopt;
  }
  const int mantissa =
      (word[0] - '0') * 1000 + (word[1] - '0') * 100 + (word[2] - '0') * 10 + (word[3] - '0');
  const int exponent = (word[5] - '0') * 10 + (word[6] - '0');
  return mantissa * std::pow(10.0, word[4] == '-' ? -exponent : exponent);
}

/// A line of nothing but digits, signs and blanks is samples, whole or not.
std::optional<Samples> samples_of(std::string_view line) {
  Samples out;
  const bool numeric = std::ranges::all_of(
      line, [](char c) { return is_digit(c) || c == '-' || c == '+' || c == ' ' || c == ','; });
  if (!numeric || line.empty() || !std::ranges::any_of(line, is_digit)) return std::nullopt;
  while (!line.empty()) {
    const std::size_t end = std::min(line.find_first_of(" ,"), line.size());
    const std::string_view word = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
    if (word.empty()) continue;
    if (const auto value = sample_of(word)) {
      out.values.push_back(*value);
    } else {
      ++out.damaged;
    }
  }
  return out;
}

/// The sign behind the colon is a blank, or says that the clock is out by one.
std::optional<Timestamp> timestamp_of(std::string_view text) {
  if (!take(text, "TimeStamp:") || text.empty()) return std::nullopt;
  text.remove_prefix(1);
  const auto seconds = take_number<std::uint32_t>(text);
  if (!seconds || !take(text, "s ")) return std::nullopt;
  const auto ms = take_number<std::uint32_t>(text);
  if (!ms || *ms > 999 || !take(text, "ms, buff ")) return std::nullopt;
  const auto percent = take_number<unsigned>(text);
  if (!percent || *percent > 100 || text != "%") return std::nullopt;
  return Timestamp{std::uint64_t{*seconds} * 1000 + *ms, *percent};
}

std::optional<Event> event_of(std::string_view text) {
  if (!take(text, "event ")) return std::nullopt;
  const auto number = take_number<std::uint32_t>(text);
  if (!number || text != " ris") return std::nullopt;
  return Event{*number};
}

}  // namespace

Line decode_line(std::string_view line) {
  if (const std::size_t at = line.rfind(prompt); at != std::string_view::npos) {
    line.remove_prefix(at + prompt.size());
  }
  while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
  while (!line.empty() && line.back() == ' ') line.remove_suffix(1);
  if (auto samples = samples_of(line)) return *std::move(samples);
  if (const auto timestamp = timestamp_of(line)) return *timestamp;
  if (const auto event = event_of(line)) return *event;
  if (line.starts_with("ack ")) return Ack{std::string(line.substr(4))};
  if (line.starts_with("error")) return Failure{std::string(line)};
  if (take(line, "Error detail:")) {
    take(line, " ");
    return Failure{std::string(line)};
  }
  if (line.find("Acquisition completed") != std::string_view::npos) return Completed{};
  return Text{std::string(line)};
}

namespace {

using namespace std::chrono_literals;

constexpr auto usual_patience = 3s;
/// A change of voltage has it calibrate itself.
constexpr auto calibration_patience = 15s;
/// What a former acquisition still sends.
constexpr auto halt_patience = 3s;
constexpr auto question_patience = 500ms;
/// At the slowest rate a sample a second comes.
constexpr auto stream_silence = 5s;
constexpr auto off_time = 300ms;
constexpr auto on_time = 500ms;

struct Rate {
  std::uint32_t per_s;
  std::string_view word;
};
constexpr std::array<Rate, 12> rates = {{{1, "1"},
                                         {2, "2"},
                                         {5, "5"},
                                         {10, "10"},
                                         {20, "20"},
                                         {50, "50"},
                                         {100, "100"},
                                         {200, "200"},
                                         {500, "500"},
                                         {1000, "1k"},
                                         {2000, "2k"},
                                         {5000, "5k"}}};

bool is_timeout(const Error& error) {
  return error.code == net::make_error_code(net::Errc::timed_out);
}

}  // namespace

bool has_rate(std::uint32_t samples_per_s) {
  return std::ranges::any_of(rates, [&](const Rate& rate) { return rate.per_s == samples_per_s; });
}

net::Task<void> Lpm01a::write(std::string words) {
  words += "\r\n";
  const net::TimePoint deadline = link_->clock().now() + usual_patience;
  Result<void> written = co_await link_->write(as_bytes(words), deadline);
  co_return written;
}

net::Task<std::string> Lpm01a::detail() {
  const net::TimePoint end = link_->clock().now() + question_patience;
  while (true) {
    Result<std::string> line = co_await lines_.next(end);
    if (!line) co_return is_timeout(line.error()) ? Result<std::string>(std::string()) : line;
    const Line decoded = decode_line(*line);
    if (const auto* failure = std::get_if<Failure>(&decoded)) co_return failure->text;
  }
}

net::Task<std::string> Lpm01a::command(std::string words) {
  Result<std::string> done = co_await command(std::move(words), usual_patience);
  co_return done;
}

net::Task<std::string> Lpm01a::command(std::string words, net::Duration patience) {
  const std::string step = "monitor: " + words;
  Result<void> written = co_await write(words);
  if (!written) co_return std::move(written).error().with(step);
  const net::TimePoint end = link_->clock().now() + patience;
  while (true) {
    Result<std::string> line = co_await lines_.next(end);
    if (!line && is_timeout(line.error())) {
      co_return make_error(Errc::no_answer, step,
                           "see that it is an LPM01A, and that nothing else has its port open");
    }
    if (!line) co_return std::move(line).error().with(step);
    const Line decoded = decode_line(*line);
    if (const auto* ack = std::get_if<Ack>(&decoded)) {
      if (!ack->text.starts_with(words)) continue;
      std::string rest = ack->text.substr(words.size());
      rest.erase(0, std::min(rest.find_first_not_of(' '), rest.size()));
      co_return rest;
    }
    const auto* failure = std::get_if<Failure>(&decoded);
    if (failure == nullptr) continue;
    std::string said = failure->text;
    Result<std::string> more = co_await detail();
    if (!more) co_return std::move(more).error();
    if (!more->empty()) said += ": " + *more;
    co_return make_error(Errc::refused, step).with_peer_text(std::move(said));
  }
}

net::Task<std::string> Lpm01a::question(std::string words) {
  Result<void> written = co_await write(words);
  AIOT_CO_CHECK(std::move(written));
  const net::TimePoint end = link_->clock().now() + question_patience;
  std::string answer;
  while (true) {
    Result<std::string> line = co_await lines_.next(end);
    if (!line && is_timeout(line.error())) co_return answer;
    if (!line) co_return line;
    const Line decoded = decode_line(*line);
    if (const auto* ack = std::get_if<Ack>(&decoded); ack && ack->text.size() > words.size()) {
      answer = ack->text.substr(words.size() + 1);
    }
    const auto* text = std::get_if<Text>(&decoded);
    if (text && answer.empty() && text->text != words) answer = text->text.substr(0, 80);
  }
}

net::Task<void> Lpm01a::halt() {
  Result<void> written = co_await write("stop");
  AIOT_CO_CHECK(std::move(written));
  const net::TimePoint end = link_->clock().now() + halt_patience;
  // Whatever it says to that, or nothing: then it was not measuring.
  while (link_->clock().now() < end) {
    const net::TimePoint quiet = std::min(end, link_->clock().now() + question_patience);
    Result<std::string> line = co_await lines_.next(quiet);
    if (!line && is_timeout(line.error())) break;
    if (!line) co_return std::move(line).error();
  }
  lines_.clear();
  co_return Result<void>();
}

net::Task<MonitorInfo> Lpm01a::prepare(Supply supply) {
  const auto* rate =
      std::ranges::find(rates, supply.samples_per_s, [](const Rate& one) { return one.per_s; });
  if (rate == rates.end()) {
    co_return make_error(Errc::bad_setting,
                         fmt::format("{} samples a second", supply.samples_per_s),
                         "it has 1, 2, 5, 10 and so on up to 5000");
  }
  if (supply.millivolts < least_millivolts || supply.millivolts > most_millivolts) {
    co_return make_error(Errc::bad_setting, fmt::format("{} mV", supply.millivolts),
                         "it gives 1800 to 3300 mV");
  }
  MonitorInfo info;
  info.kind = "lpm01a";
  info.millivolts = supply.millivolts;
  info.samples_per_s = supply.samples_per_s;
  Result<void> halted = co_await halt();
  AIOT_CO_CHECK(std::move(halted));
  Result<std::string> taken = co_await command("htc");
  if (!taken) co_return std::move(taken).error();
  controlled_ = true;
  Result<std::string> name = co_await question("powershield");
  AIOT_CO_TRY(info.name, std::move(name));
  Result<std::string> version = co_await question("version");
  AIOT_CO_TRY(info.version, std::move(version));
  if (supply.power_cycle) {
    Result<std::string> off = co_await command("pwr off");
    if (!off) co_return std::move(off).error();
    Result<void> waited = co_await link_->clock().sleep_for(off_time);
    AIOT_CO_CHECK(std::move(waited));
  }
  const std::array<std::string, 9> settings = {
      fmt::format("volt {}m", supply.millivolts),
      std::string("acqtime inf"),
      std::string("trigdelay 0"),
      std::string("trigsrc sw"),
      std::string("eventsrc d7 fal"),
      std::string("output energy"),
      std::string("format ascii_dec"),
      fmt::format("freq {}", rate->word),
      std::string(supply.calibrate ? "calib" : ""),
  };
  for (const std::string& setting : settings) {
    if (setting.empty()) continue;
    std::string words = setting;
    Result<std::string> set = co_await command(std::move(words), calibration_patience);
    if (!set) co_return std::move(set).error();
  }
  Result<std::string> on = co_await command("pwr on nostatus");
  if (!on) co_return std::move(on).error();
  Result<void> waited = co_await link_->clock().sleep_for(on_time);
  AIOT_CO_CHECK(std::move(waited));
  co_return info;
}

net::Task<void> Lpm01a::start() {
  Result<std::string> started = co_await command("start");
  if (!started) co_return std::move(started).error();
  co_return Result<void>();
}

net::Task<void> Lpm01a::stream(Recorder& recorder) {
  while (true) {
    const net::TimePoint deadline = link_->clock().now() + stream_silence;
    Result<std::string> line = co_await lines_.next(deadline);
    if (!line && is_timeout(line.error())) {
      co_return make_error(Errc::no_answer, "monitor: its stream ended",
                           "see that the monitor and its cable are still there");
    }
    if (!line) co_return std::move(line).error().with("monitor");
    const Line decoded = decode_line(*line);
    if (const auto* samples = std::get_if<Samples>(&decoded)) {
      for (const double joules : samples->values) recorder.on_sample(joules);
      if (samples->damaged > 0) recorder.on_lost(samples->damaged);
      recorder.on_time(lines_.arrived());
    } else if (const auto* event = std::get_if<Event>(&decoded)) {
      recorder.on_edge(event->number, lines_.arrived());
    } else if (const auto* stamp = std::get_if<Timestamp>(&decoded)) {
      recorder.on_timestamp(samples_between_, stamp->buffer_percent);
    } else if (const auto* failure = std::get_if<Failure>(&decoded)) {
      co_return make_error(Errc::refused, "monitor: measuring").with_peer_text(failure->text);
    } else if (std::holds_alternative<Completed>(decoded)) {
      co_return Result<void>();
    }
  }
}

net::Task<void> Lpm01a::stop() {
  Result<void> written = co_await write("stop");
  co_return std::move(written).with("monitor: stop");
}

net::Task<void> Lpm01a::release() {
  if (!controlled_) {
    link_->close();
    co_return Result<void>();
  }
  Result<void> halted = co_await halt();
  Result<std::string> off = co_await command("pwr off");
  Result<std::string> given = co_await command("hrc");
  link_->close();
  if (!halted) co_return halted;
  if (!off) co_return std::move(off).error();
  if (!given) co_return std::move(given).error();
  co_return Result<void>();
}

}  // namespace aiot::power::lpm01a
