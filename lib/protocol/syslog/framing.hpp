#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "aiot/bytes.hpp"

namespace aiot::syslog {

/// Cuts the messages out of one TCP connection (RFC 6587 section 3.4). A message that begins with
/// its length is counted (3.4.1), any other ends with LF or NUL (3.4.2): senders of both kinds are
/// heard without a setting. Holds at most `longest_bytes`.
class StreamDecoder {
 public:
  static constexpr std::size_t longest_bytes = 64 * 1024;

  struct Frame {
    std::string bytes;
    bool truncated = false;  ///< it was longer; what goes beyond is dropped
  };

  /// Takes the next message out of `bytes`, which is shortened by what was used up; nullopt once it
  /// is empty.
  std::optional<Frame> next(ByteSpan& bytes);
  /// The connection has ended: what it left behind, when that is worth a message.
  std::optional<Frame> finish();

 private:
  enum class State { begin, length, counted, line };
  /// Adds to the message, as far as there is room.
  void take(ByteSpan bytes);
  std::optional<Frame> give();

  State state_ = State::begin;
  std::uint64_t left_ = 0;  // of a counted message
  std::string held_;
  bool truncated_ = false;
};

}  // namespace aiot::syslog
