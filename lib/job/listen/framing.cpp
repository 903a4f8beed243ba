#include "job/listen/framing.hpp"

#include <algorithm>
#include <utility>

namespace aiot::listen {
namespace {

std::string_view without_line_end(std::string_view line) {
  while (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace

Frame Framer::give_held(std::string_view last, bool truncated) {
  held_ += last;
  given_ = std::exchange(held_, {});
  return {given_, truncated};
}

std::optional<Frame> Framer::next() {
  while (!fed_.empty()) {
    if (framing_ == Framing::none) {
      const auto piece = fed_.substr(0, longest_bytes);
      fed_.remove_prefix(piece.size());
      return Frame{piece, false};
    }
    const std::size_t room = longest_bytes - held_.size();
    const auto within = fed_.substr(0, room);
    const auto end = framing_ == Framing::line ? within.find('\n') : std::string_view::npos;
    if (end == std::string_view::npos) {
      fed_.remove_prefix(within.size());
      if (within.size() == room) {
        // Whatever comes next, this is as much as a message may be.
        flushed_ = framing_ == Framing::line;
        return give_held(within, true);
      }
      held_ += within;
      break;
    }
    Frame frame{within.substr(0, end), false};
    fed_.remove_prefix(end + 1);
    if (!held_.empty()) frame = give_held(frame.bytes, false);
    frame.bytes = without_line_end(frame.bytes);
    const bool only_the_end = std::exchange(flushed_, false) && frame.bytes.empty();
    if (!only_the_end) return frame;
  }
  return std::nullopt;
}

std::optional<Frame> Framer::flush() {
  if (held_.empty()) return std::nullopt;
  flushed_ = framing_ == Framing::line;
  Frame frame = give_held({}, false);
  if (framing_ == Framing::line) frame.bytes = without_line_end(frame.bytes);
  return frame;
}

}  // namespace aiot::listen
