#include "net/trace.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <optional>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace aiot::net {

Result<std::unique_ptr<TraceWriter>> TraceWriter::create(const std::string& path) {
  const int fd =
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
  struct stat status = {};
  if (fd < 0 || ::fstat(fd, &status) != 0) {
    const int number = errno;
    if (fd >= 0) ::close(fd);
    return make_error(number == EACCES || number == EPERM ? Errc::no_permission : Errc::io,
                      "trace file " + path + ": " + std::generic_category().message(number),
                      number == ELOOP ? "a trace is not written through a symbolic link"
                                      : "name a file in a folder that you may write to");
  }
  // What was there may have been readable by others.
  if (!S_ISREG(status.st_mode) || ::fchmod(fd, 0600) != 0 || ::ftruncate(fd, 0) != 0) {
    ::close(fd);
    return make_error(Errc::io, "trace file " + path + ": not a file of this user");
  }
  std::FILE* file = ::fdopen(fd, "w");
  if (!file) {
    ::close(fd);
    return make_error(Errc::io, "trace file " + path);
  }
  return std::unique_ptr<TraceWriter>(new TraceWriter(file, path));
}

TraceWriter::~TraceWriter() { std::fclose(file_); }

Result<void> TraceWriter::lost() {
  lost_ = true;
  return make_error(Errc::io, "trace file " + path_ + ": " + std::generic_category().message(errno),
                    "it ends there: free some space, or write elsewhere");
}

Result<void> TraceWriter::write(const TraceEvent& event) {
  if (lost_) return {};
  const std::string line = format_trace_event(event) + "\n";
  if (std::fwrite(line.data(), 1, line.size(), file_) != line.size()) return lost();
  return {};
}

Result<void> TraceWriter::flush() {
  if (!lost_ && std::fflush(file_) != 0) return lost();
  return {};
}

SecretMask::SecretMask(std::vector<std::string> secrets) {
  constexpr std::size_t shortest = 4;
  for (const std::string& secret : secrets) {
    const ByteSpan bytes = as_bytes(secret);
    if (bytes.size() >= shortest) secrets_.emplace_back(bytes.begin(), bytes.end());
  }
}

Bytes SecretMask::hide(ByteSpan bytes) {
  Bytes out(bytes.begin(), bytes.end());
  Bytes all = before_;
  append(all, bytes);
  std::size_t longest = 0;
  for (const Bytes& secret : secrets_) {
    longest = std::max(longest, secret.size());
    for (std::size_t at = 0; at < all.size(); ++at) {
      const std::size_t count = std::min(secret.size(), all.size() - at);
      if (!std::equal(secret.begin(), secret.begin() + static_cast<std::ptrdiff_t>(count),
                      all.begin() + static_cast<std::ptrdiff_t>(at))) {
        continue;
      }
      const std::size_t from = std::max(at, before_.size());
      for (std::size_t i = from; i < at + count; ++i) out[i - before_.size()] = '*';
    }
  }
  const std::size_t kept = std::min(all.size(), longest);
  before_.assign(all.end() - static_cast<std::ptrdiff_t>(kept), all.end());
  return out;
}

TracingLink::TracingLink(std::unique_ptr<Link> link, std::unique_ptr<TraceWriter> trace,
                         OnTraceLost on_lost, const std::vector<std::string>& secrets)
    : link_(std::move(link)),
      trace_(std::move(trace)),
      on_lost_(std::move(on_lost)),
      written_mask_(secrets),
      read_mask_(secrets),
      start_(link_->clock().now()) {}

TracingLink::~TracingLink() { close(); }

template <class What>
void TracingLink::note(What what) {
  TraceEvent event;
  event.when = std::chrono::duration_cast<std::chrono::microseconds>(clock().now() - start_);
  event.what = std::move(what);
  tell(trace_->write(event));
}

void TracingLink::tell(const Result<void>& written) const {
  if (!written && on_lost_) on_lost_(written.error());
}

void TracingLink::note_lost(const Error& error) {
  if (error.code != Errc::link_lost || lost_) return;
  lost_ = true;
  note(TraceEvent::Mark::lost);
}

Task<std::size_t> TracingLink::read_some(std::span<std::uint8_t> buffer, TimePoint deadline) {
  Result<std::size_t> count = co_await link_->read_some(buffer, deadline);
  if (count) {
    const auto read = buffer.first(*count);
    note(TraceEvent::Read{read_mask_.hide(read)});
  } else {
    note_lost(count.error());
  }
  co_return count;
}

Task<void> TracingLink::write(ByteSpan data, TimePoint deadline) {
  // Before the bytes leave: an answer must not stand before its question.
  if (!data.empty()) note(TraceEvent::Written{written_mask_.hide(data)});
  Result<void> written = co_await link_->write(data, deadline);
  if (!written) note_lost(written.error());
  co_return written;
}

Task<void> TracingLink::drain(TimePoint deadline) {
  Result<void> drained = co_await link_->drain(deadline);
  if (!drained) note_lost(drained.error());
  co_return drained;
}

Task<void> TracingLink::discard_input() {
  Result<void> discarded = co_await link_->discard_input();
  if (!discarded) note_lost(discarded.error());
  co_return discarded;
}

Task<void> TracingLink::set_baud(std::uint32_t baud_bps) {
  note(TraceEvent::Baud{baud_bps});
  Result<void> set = co_await link_->set_baud(baud_bps);
  if (!set) note_lost(set.error());
  co_return set;
}

Task<void> TracingLink::set_lines(std::span<const LineStep> steps) {
  for (const LineStep& step : steps) note(step);
  Result<void> set = co_await link_->set_lines(steps);
  if (!set) note_lost(set.error());
  co_return set;
}

Task<void> TracingLink::reopen(TimePoint deadline) {
  Result<void> reopened = co_await link_->reopen(deadline);
  if (reopened) {
    lost_ = closed_ = false;
    note(TraceEvent::Mark::reopened);
  }
  co_return reopened;
}

void TracingLink::close() {
  if (!closed_) note(TraceEvent::Mark::closed);
  closed_ = true;
  link_->close();
  tell(trace_->flush());
}

namespace {

constexpr std::size_t max_trace_bytes = std::size_t{1} << 30;

std::string text_of(const LineStep& step) {
  std::string out = "#";
  if (step.dtr) out += fmt::format(" dtr={:d}", *step.dtr);
  if (step.rts) out += fmt::format(" rts={:d}", *step.rts);
  if (step.hold.count() > 0) out += fmt::format(" hold={}", step.hold.count());
  return out;
}

std::string_view name_of(TraceEvent::Mark mark) {
  switch (mark) {
    case TraceEvent::Mark::lost: return "lost";
    case TraceEvent::Mark::reopened: return "reopened";
    case TraceEvent::Mark::closed: break;
  }
  return "closed";
}

/// Takes the next word off `text`.
std::string_view next_word(std::string_view& text) {
  const auto from = std::min(text.find_first_not_of(' '), text.size());
  const auto end = std::min(text.find(' ', from), text.size());
  const std::string_view word = text.substr(from, end - from);
  text.remove_prefix(end);
  return word;
}

template <class T>
std::optional<T> number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

/// "+12.000345", always six decimals.
std::optional<std::chrono::microseconds> time_of(std::string_view word) {
  const auto dot = word.find('.');
  if (!word.starts_with('+') || dot == std::string_view::npos || word.size() != dot + 7) return {};
  const auto seconds = number<std::uint32_t>(word.substr(1, dot - 1));
  const auto micros = number<std::uint32_t>(word.substr(dot + 1));
  if (!seconds || !micros) return {};
  return std::chrono::seconds(*seconds) + std::chrono::microseconds(*micros);
}

std::optional<LineStep> lines_of(std::string_view text) {
  LineStep step;
  for (std::string_view word = next_word(text); !word.empty(); word = next_word(text)) {
    const auto value =
        number<std::uint32_t>(word.substr(std::min(word.find('=') + 1, word.size())));
    if (!value) return {};
    if (word.starts_with("dtr=")) {
      step.dtr = *value != 0;
    } else if (word.starts_with("rts=")) {
      step.rts = *value != 0;
    } else if (word.starts_with("hold=")) {
      step.hold = std::chrono::milliseconds(*value);
    } else {
      return {};
    }
  }
  return step;
}

bool parse_what(std::string_view kind, std::string_view rest, TraceEvent& event) {
  if (kind == ">" || kind == "<") {
    std::optional<Bytes> bytes = from_hex(rest);
    if (!bytes || bytes->empty()) return false;
    if (kind == ">") {
      event.what = TraceEvent::Written{*std::move(bytes)};
    } else {
      event.what = TraceEvent::Read{*std::move(bytes)};
    }
    return true;
  }
  if (kind != "#") return false;
  std::string_view words = rest;
  const std::string_view word = next_word(words);
  for (auto mark : {TraceEvent::Mark::lost, TraceEvent::Mark::reopened, TraceEvent::Mark::closed}) {
    if (word != name_of(mark)) continue;
    event.what = mark;
    return true;
  }
  if (word == "baud") {
    const auto baud = number<std::uint32_t>(next_word(words));
    if (baud) event.what = TraceEvent::Baud{*baud};
    return baud.has_value();
  }
  const auto step = lines_of(rest);
  if (step) event.what = *step;
  return step.has_value();
}

}  // namespace

std::string format_trace_event(const TraceEvent& event) {
  const auto count = event.when.count();
  std::string out = fmt::format("+{}.{:06} ", count / 1'000'000, count % 1'000'000);
  if (const auto* written = std::get_if<TraceEvent::Written>(&event.what)) {
    out += "> " + to_hex(written->bytes, " ");
  } else if (const auto* read = std::get_if<TraceEvent::Read>(&event.what)) {
    out += "< " + to_hex(read->bytes, " ");
  } else if (const auto* step = std::get_if<LineStep>(&event.what)) {
    out += text_of(*step);
  } else if (const auto* baud = std::get_if<TraceEvent::Baud>(&event.what)) {
    out += fmt::format("# baud {}", baud->baud_bps);
  } else {
    out += fmt::format("# {}", name_of(std::get<TraceEvent::Mark>(event.what)));
  }
  return out;
}

Result<std::vector<TraceEvent>> parse_trace(std::string_view text) {
  std::vector<TraceEvent> out;
  for (int line_number = 1; !text.empty(); ++line_number) {
    const auto end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) continue;
    TraceEvent event;
    const auto when = time_of(next_word(line));
    const std::string_view kind = next_word(line);
    if (!when || !parse_what(kind, line, event)) {
      return make_error(Errc::io, fmt::format("line {} is not an event of a trace", line_number));
    }
    event.when = *when;
    out.push_back(std::move(event));
  }
  return out;
}

Result<std::vector<TraceEvent>> read_trace(const std::string& path) {
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  if (!in) return make_error(Errc::not_found, path);
  if (static_cast<std::size_t>(in.tellg()) > max_trace_bytes) {
    return make_error(Errc::io, path + " is too large for a trace");
  }
  in.seekg(0);
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  return parse_trace(text).with(path);
}

Script script_from_trace(const std::vector<TraceEvent>& events) {
  Script script;
  std::chrono::microseconds host_turn{0};  // when the host last did something
  std::chrono::microseconds said{0};       // how long after it the device last spoke
  const auto pause = [&](std::chrono::microseconds when) {
    const auto delay = when - host_turn;
    if (delay > said) script.after(delay - said);
    said = std::max(said, delay);
  };
  const auto host_acted = [&](std::chrono::microseconds when) {
    host_turn = when;
    said = std::chrono::microseconds(0);
  };
  bool in_lines = false;
  for (const TraceEvent& event : events) {
    const bool lines = std::holds_alternative<LineStep>(event.what);
    // A sequence of lines is one step of a script.
    if (lines && !in_lines) script.expect_lines();
    if (lines) host_acted(event.when + std::get<LineStep>(event.what).hold);
    in_lines = lines;
    if (const auto* written = std::get_if<TraceEvent::Written>(&event.what)) {
      script.expect(written->bytes);
      host_acted(event.when);
    } else if (const auto* read = std::get_if<TraceEvent::Read>(&event.what)) {
      pause(event.when);
      script.reply(read->bytes);
    } else if (const auto* baud = std::get_if<TraceEvent::Baud>(&event.what)) {
      script.expect_baud(baud->baud_bps);
      host_acted(event.when);
    } else if (const auto* mark = std::get_if<TraceEvent::Mark>(&event.what)) {
      if (*mark == TraceEvent::Mark::lost) {
        pause(event.when);
        script.drop();
      } else {
        host_acted(event.when);
      }
    }
  }
  return script;
}

}  // namespace aiot::net
