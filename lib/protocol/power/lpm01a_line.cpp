#include "protocol/power/lpm01a_line.hpp"

#include <algorithm>
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

}  // namespace aiot::power::lpm01a
