#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "aiot/bytes.hpp"
#include "aiot/listen.hpp"

namespace aiot::listen {

/// A message cut out of a stream. The bytes live until the next call.
struct Frame {
  std::string_view bytes;  ///< without the line end
  bool truncated = false;  ///< it goes on in the next frame
};

/// Cuts a stream of bytes into messages. No I/O; holds at most `longest_bytes`.
///
///     framer.feed(bytes);
///     while (auto frame = framer.next()) …
class Framer {
 public:
  static constexpr std::size_t longest_bytes = 64 * 1024;

  explicit Framer(Framing framing) : framing_(framing) {}

  /// Takes more bytes; they stay where they are, and live until next() gives nothing.
  void feed(ByteSpan bytes) { fed_ = {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
  /// The next whole message. A line ends with LF; the CRs before it are no part of it.
  std::optional<Frame> next();
  /// Something is held that is no whole message yet.
  bool pending() const { return !held_.empty(); }
  /// What is held, because nothing follows for a while. When only the line's end follows later,
  /// that is no line of its own.
  std::optional<Frame> flush();

 private:
  Frame give_held(std::string_view last, bool truncated);

  Framing framing_;
  std::string_view fed_;
  std::string held_;      // the beginning of a message
  std::string given_;     // keeps what was held alive for the caller
  bool flushed_ = false;  // the beginning of this line has been given already
};

}  // namespace aiot::listen
