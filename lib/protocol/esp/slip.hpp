#pragma once

#include <optional>

#include "aiot/bytes.hpp"

namespace aiot::esp {

/// Frames `payload` between two C0, with DB DC for C0 and DB DD for DB.
void slip_encode(ByteSpan payload, Bytes& out);
/// Escapes `bytes` without the C0 around them: a frame made of several parts.
void slip_encode_part(ByteSpan bytes, Bytes& out);

/// Takes SLIP frames out of a byte stream. Bytes between frames (boot messages) are dropped; a
/// frame longer than the bound, or one with a bad escape, is dropped and counted.
class SlipDecoder {
 public:
  /// What take_noise() keeps at most.
  static constexpr std::size_t max_noise = 4096;

  explicit SlipDecoder(std::size_t max_frame = 64 * 1024 + 64) : max_frame_(max_frame) {}

  /// Consumes from `input` up to and including the end of the next frame, and returns it; nullopt
  /// when all of `input` was consumed without completing one. `input` is advanced.
  std::optional<Bytes> next(ByteSpan& input);
  /// Forgets a frame that was begun, and the noise.
  void reset();
  std::size_t dropped_frames() const { return dropped_; }
  /// The first bytes that were seen outside frames: what to tell the user when no frame comes.
  Bytes take_noise();

 private:
  Bytes frame_;
  Bytes noise_;
  std::size_t max_frame_;
  std::size_t dropped_ = 0;
  bool inside_ = false;
  bool escaped_ = false;
  bool bad_ = false;
};

}  // namespace aiot::esp
