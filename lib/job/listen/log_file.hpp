#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "aiot/result.hpp"

namespace aiot::listen {

/// A text file that messages are appended to, readable by its owner alone. Beyond a size it becomes
/// FILE.1, FILE.1 becomes FILE.2, and so on; a line is never torn or lost by that.
class LogFile {
 public:
  struct Options {
    std::string path;
    std::uint64_t most_bytes = 0;  ///< 0: never rotates
    unsigned kept = 5;             ///< old files beside the current one
  };
  /// Told once when lines begin to be missing, and when the file cannot be rotated any more.
  using Trouble = std::function<void(const Error&)>;

  /// Appends to what is there. Errc::log_unwritable.
  static Result<LogFile> open(Options options, Trouble trouble);
  LogFile(LogFile&& other) noexcept;
  LogFile& operator=(LogFile&&) = delete;
  ~LogFile();

  /// Adds a line; `text` has no line feed. It reaches the file when enough has come together, or
  /// with flush().
  void add(std::string_view text);
  void flush();
  /// Lines that could not be written: the disk was full.
  std::uint64_t lost_lines() const { return lost_; }

 private:
  LogFile(Options options, Trouble trouble, int fd, std::uint64_t size);
  void rotate();

  Options options_;
  Trouble trouble_;
  int fd_;
  std::uint64_t size_;   // of the file
  std::string pending_;  // whole lines
  std::uint64_t lost_ = 0;
  bool torn_ = false;  // the file ends within a line
  bool rotates_ = true;
};

}  // namespace aiot::listen
