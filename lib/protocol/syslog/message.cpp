#include "protocol/syslog/message.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace aiot::syslog {
namespace {

/// A number of more digits is no length.
constexpr std::size_t most_digits = 9;

bool is_digit(std::uint8_t byte) { return byte >= '0' && byte <= '9'; }
bool ends_line(std::uint8_t byte) { return byte == '\n' || byte == 0; }

}  // namespace

void StreamDecoder::take(ByteSpan bytes) {
  const std::size_t room = longest_bytes - held_.size();
  truncated_ = truncated_ || bytes.size() > room;
  held_ += to_string(bytes.first(std::min(room, bytes.size())));
}

std::optional<StreamDecoder::Frame> StreamDecoder::give() {
  state_ = State::begin;
  Frame frame{std::exchange(held_, {}), std::exchange(truncated_, false)};
  if (frame.bytes.empty()) return std::nullopt;
  return frame;
}

std::optional<StreamDecoder::Frame> StreamDecoder::next(ByteSpan& bytes) {
  while (!bytes.empty()) {
    std::optional<Frame> whole;
    if (state_ == State::begin) {
      state_ = is_digit(bytes.front()) && bytes.front() != '0' ? State::length : State::line;
    } else if (state_ == State::length) {
      const std::uint8_t byte = bytes.front();
      if (is_digit(byte) && held_.size() < most_digits) {
        take(bytes.first(1));
        bytes = bytes.subspan(1);
      } else if (byte == ' ') {
        left_ = std::stoull(std::exchange(held_, {}));
        bytes = bytes.subspan(1);
        state_ = State::counted;
      } else {
        state_ = State::line;  // it only began with a digit
      }
    } else if (state_ == State::counted) {
      const std::size_t size = std::min<std::uint64_t>(left_, bytes.size());
      take(bytes.first(size));
      bytes = bytes.subspan(size);
      left_ -= size;
      if (left_ == 0) whole = give();
    } else {
      const auto end = std::find_if(bytes.begin(), bytes.end(), ends_line);
      const auto size = static_cast<std::size_t>(end - bytes.begin());
      const bool ended = size < bytes.size();
      take(bytes.first(size));
      bytes = bytes.subspan(size + (ended ? 1 : 0));
      if (ended) whole = give();
    }
    if (whole) return whole;
  }
  return std::nullopt;
}

std::optional<StreamDecoder::Frame> StreamDecoder::finish() {
  truncated_ = truncated_ || state_ == State::counted;
  return give();
}

namespace {

constexpr unsigned highest_priority = 191;  // facility 23, severity 7
/// Elements and parameters of one message. One with more is text alone: a sender of thousands
/// wants to be expensive.
constexpr std::size_t most_structured = 256;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// "<34>" from the front of `rest`; nullopt, and nothing taken, when there is none.
std::optional<unsigned> take_priority(std::string_view& rest) {
  if (!rest.starts_with('<')) return std::nullopt;
  unsigned value = 0;
  std::size_t i = 1;
  for (; i < rest.size() && i <= 3 && is_digit(rest[i]); ++i) {
    value = value * 10 + static_cast<unsigned>(rest[i] - '0');
  }
  if (i == 1 || i >= rest.size() || rest[i] != '>' || value > highest_priority) return std::nullopt;
  rest.remove_prefix(i + 1);
  return value;
}

/// The word up to the next space, which must be there or the end; "" is no word.
std::optional<std::string_view> take_word(std::string_view& rest) {
  const std::string_view word = rest.substr(0, rest.find(' '));
  if (word.empty()) return std::nullopt;
  rest.remove_prefix(std::min(word.size() + 1, rest.size()));
  return word;
}

/// NILVALUE is "not known" (RFC 5424 section 6).
std::string known(std::string_view word) { return word == "-" ? std::string() : std::string(word); }

/// PARAM-VALUE, behind its opening quote; \", \\ and \] stand for themselves (section 6.3.3).
std::optional<std::string> take_value(std::string_view& rest) {
  std::string value;
  for (std::size_t i = 0; i < rest.size(); ++i) {
    if (rest[i] == '"') {
      rest.remove_prefix(i + 1);
      return value;
    }
    const bool escaped = rest[i] == '\\' && i + 1 < rest.size() &&
                         std::string_view("\"\\]").find(rest[i + 1]) != std::string_view::npos;
    if (escaped) ++i;
    value += rest[i];
  }
  return std::nullopt;
}

std::optional<Element> take_element(std::string_view& rest, std::size_t& room) {
  rest.remove_prefix(1);  // '['
  const std::size_t end = rest.find_first_of(" ]");
  if (end == std::string_view::npos || end == 0) return std::nullopt;
  Element element{std::string(rest.substr(0, end)), {}};
  rest.remove_prefix(end);
  while (rest.starts_with(' ')) {
    rest.remove_prefix(1);
    const std::size_t equals = rest.find("=\"");
    if (equals == std::string_view::npos || equals == 0) return std::nullopt;
    std::string name(rest.substr(0, equals));
    rest.remove_prefix(equals + 2);
    std::optional<std::string> value = take_value(rest);
    if (!value || room == 0) return std::nullopt;
    --room;
    element.parameters.emplace_back(std::move(name), *std::move(value));
  }
  if (!rest.starts_with(']')) return std::nullopt;
  rest.remove_prefix(1);
  return element;
}

/// STRUCTURED-DATA: "-" or elements one behind the other.
bool take_structured(std::string_view& rest, std::vector<Element>& out) {
  if (rest.starts_with('-')) {
    rest.remove_prefix(1);
    return true;
  }
  if (!rest.starts_with('[')) return false;
  std::size_t room = most_structured;
  while (rest.starts_with('[')) {
    if (room == 0) return false;
    --room;
    std::optional<Element> element = take_element(rest, room);
    if (!element) return false;
    out.push_back(*std::move(element));
  }
  return true;
}

/// What follows the priority in RFC 5424 section 6; false when it is not of that form.
bool parse_5424(std::string_view rest, Message& out) {
  if (!rest.starts_with("1 ")) return false;
  rest.remove_prefix(2);
  std::array<std::string_view, 5> words;
  for (std::string_view& word : words) {
    const std::optional<std::string_view> taken = take_word(rest);
    if (!taken) return false;
    word = *taken;
  }
  if (!take_structured(rest, out.structured)) return false;
  if (!rest.empty() && rest.front() != ' ') return false;
  if (!rest.empty()) rest.remove_prefix(1);
  if (rest.starts_with(byte_order_mark)) rest.remove_prefix(byte_order_mark.size());
  out.form = Message::Form::rfc5424;
  out.time = known(words[0]);
  out.host = known(words[1]);
  out.application = known(words[2]);
  out.process = known(words[3]);
  out.id = known(words[4]);
  out.text = rest;
  return true;
}

/// "Oct 11 22:14:15" (RFC 3164 section 4.1.2), or the ISO 8601 time that newer senders put there.
std::optional<std::string_view> take_time(std::string_view& rest) {
  constexpr std::string_view pattern = "Aaa ## ##:##:## ";
  const auto fits = [](char c, char p) {
    const bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    return p == '#' ? is_digit(c) || c == ' ' : p == 'A' || p == 'a' ? letter : c == p;
  };
  std::string_view time;
  if (rest.size() >= pattern.size() && std::equal(pattern.begin(), pattern.end(), rest.begin(),
                                                  [&](char p, char c) { return fits(c, p); })) {
    time = rest.substr(0, pattern.size() - 1);
  } else if (rest.size() > 20 && is_digit(rest[0]) && rest[4] == '-' && rest[10] == 'T') {
    time = rest.substr(0, rest.find(' '));
  } else {
    return std::nullopt;
  }
  rest.remove_prefix(std::min(time.size() + 1, rest.size()));
  return time;
}

/// "su: " or "myproc[10]: " in front of the text (RFC 3164 section 4.1.3).
void take_tag(std::string_view& rest, Message& out) {
  constexpr std::size_t longest = 64;
  const std::size_t end = rest.find_first_of(":[ ");
  if (end == std::string_view::npos || end == 0 || end > longest || rest[end] == ' ') return;
  std::string_view after = rest.substr(end);
  std::string_view process;
  if (after.starts_with('[')) {
    const std::size_t close = after.find(']');
    if (close == std::string_view::npos || close > longest) return;
    process = after.substr(1, close - 1);
    after.remove_prefix(close + 1);
  }
  if (!after.starts_with(':')) return;
  after.remove_prefix(1);
  if (after.starts_with(' ')) after.remove_prefix(1);
  out.application = rest.substr(0, end);
  out.process = process;
  rest = after;
}

bool parse_3164(std::string_view rest, Message& out) {
  const std::optional<std::string_view> time = take_time(rest);
  if (!time) return false;
  std::string_view after_host = rest;
  const std::optional<std::string_view> host = take_word(after_host);
  if (!host) return false;
  out.form = Message::Form::rfc3164;
  out.time = *time;
  // Local senders leave the host's name out: what ends with a colon is a tag.
  if (!host->ends_with(':')) {
    out.host = *host;
    rest = after_host;
  }
  take_tag(rest, out);
  out.text = rest;
  return true;
}

}  // namespace

Message parse_message(std::string_view bytes) {
  // Some senders end a datagram as they would a line.
  while (bytes.ends_with('\n') || bytes.ends_with('\0')) bytes.remove_suffix(1);
  Message out;
  std::string_view rest = bytes;
  const std::optional<unsigned> priority = take_priority(rest);
  if (!priority) {
    out.text = bytes;
    return out;
  }
  out.facility = static_cast<std::uint8_t>(*priority / 8);
  out.severity = static_cast<std::uint8_t>(*priority % 8);
  if (parse_5424(rest, out)) return out;
  out.structured.clear();
  if (!parse_3164(rest, out)) out.text = rest;
  return out;
}

std::string_view facility_name(std::uint8_t facility) {
  constexpr std::array<std::string_view, 24> names = {
      "kern",   "user",   "mail",     "daemon", "auth",   "syslog", "lpr",    "news",
      "uucp",   "cron",   "authpriv", "ftp",    "ntp",    "audit",  "alert",  "clock",
      "local0", "local1", "local2",   "local3", "local4", "local5", "local6", "local7"};
  return facility < names.size() ? names[facility] : std::string_view();
}

}  // namespace aiot::syslog
