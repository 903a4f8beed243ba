#include "protocol/energyrunner/lines.hpp"

#include <utility>

namespace aiot::energyrunner {

void LineReader::add(ByteSpan bytes) {
  for (const std::uint8_t byte : bytes) {
    if (byte == '\r' || byte == '\n') {
      end_line();
    } else if (byte != 0) {
      tail_.push_back(static_cast<char>(byte));
      if (tail_.size() == most_chars) end_line();
    }
  }
}

std::optional<std::string> LineReader::next() {
  if (lines_.empty()) return std::nullopt;
  std::string line = std::move(lines_.front());
  lines_.pop_front();
  return line;
}

void LineReader::end_line() {
  if (!tail_.empty()) lines_.push_back(std::move(tail_));
  tail_.clear();
}

void LineReader::clear() {
  lines_.clear();
  tail_.clear();
}

}  // namespace aiot::energyrunner
