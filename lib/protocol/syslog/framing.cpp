#include "protocol/syslog/framing.hpp"

#include <algorithm>
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

}  // namespace aiot::syslog
