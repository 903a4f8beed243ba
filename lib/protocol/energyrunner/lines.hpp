#pragma once

#include <deque>
#include <optional>
#include <string>

#include "aiot/bytes.hpp"

namespace aiot::energyrunner {

/// Cuts what a device says into lines. Every way to end a line is taken: CR LF, LF, CR; empty lines
/// and NULs are dropped. A line ends at `most_chars` at the latest, what follows is a line again.
class LineReader {
 public:
  /// The longest line of a known firmware is a vector of 640 results.
  static constexpr std::size_t most_chars = 16 * 1024;

  void add(ByteSpan bytes);
  /// The next whole line, as it came but for its end.
  std::optional<std::string> next();
  /// The line that has begun and not ended.
  const std::string& tail() const { return tail_; }
  /// Takes what has begun for a whole line: nothing more is to come.
  void end_line();
  void clear();

 private:
  std::deque<std::string> lines_;
  std::string tail_;
};

}  // namespace aiot::energyrunner
