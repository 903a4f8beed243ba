#pragma once

#include <functional>
#include <optional>
#include <span>

#include "aiot/bytes.hpp"
#include "net/capture/error.hpp"

namespace aiot::net::capture {

/// The bytes of a capture, taken piece by piece through one buffer.
class Input {
 public:
  /// No piece is longer: a record of this size is damage, for links carry 64 KiB at most.
  static constexpr std::size_t max_piece = 256 * 1024;

  /// Fills the beginning of the span and says how much; 0 at the end.
  using Source = std::function<Result<std::size_t>(std::span<std::uint8_t>)>;
  explicit Input(Source source);

  /// The next `size` bytes, a view until the next call; nullopt at the end of the capture.
  /// Errc::truncated when it ends within them, Errc::damaged when they are more than max_piece.
  Result<std::optional<ByteSpan>> take(std::size_t size);
  /// The same where the end would be in the wrong place: Errc::truncated there, too.
  Result<ByteSpan> need(std::size_t size);
  /// Passes over bytes, however many.
  Result<void> skip(std::uint64_t size);
  /// The next bytes without taking them: fewer than `size` where the capture ends.
  Result<ByteSpan> peek(std::size_t size);

 private:
  Result<void> fill(std::size_t size);
  std::size_t held() const { return end_ - begin_; }

  Source source_;
  Bytes buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool at_end_ = false;
};

/// Opens a file or a pipe. Errc::unreadable.
Result<Input> open_input(const std::string& path);

}  // namespace aiot::net::capture
