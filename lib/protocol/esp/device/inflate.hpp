#pragma once

#include <functional>
#include <memory>

#include "aiot/bytes.hpp"

namespace aiot::esp::device {

/// Inflates a zlib stream that arrives in blocks, with the 32 KiB window a loader has.
class Inflater {
 public:
  enum class State { more, done, failed };

  Inflater();
  ~Inflater();
  Inflater(Inflater&&) noexcept;
  Inflater& operator=(Inflater&&) noexcept;

  /// Feeds one block; `sink` gets what comes out and returns false to stop (State::failed).
  /// Input after the stream's end is ignored, as a block may be padded.
  State feed(ByteSpan block, const std::function<bool(ByteSpan)>& sink);

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
  State state_ = State::more;
};

}  // namespace aiot::esp::device
