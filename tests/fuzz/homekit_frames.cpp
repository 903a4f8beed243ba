// Frames of a HomeKit session: those of anybody, and those that the other end has sealed, in pieces
// as long as the first byte says.
#include <algorithm>
#include <cstdlib>

#include "protocol/homekit/frames.hpp"

using namespace aiot;
using namespace aiot::homekit;

namespace {

/// What opens of `bytes`; false when a frame is refused.
bool open_in_pieces(FrameCipher& cipher, ByteSpan bytes, std::size_t piece, Bytes& text) {
  while (!bytes.empty()) {
    const ByteSpan next = bytes.first(std::min(bytes.size(), piece));
    const Result<Bytes> opened = cipher.open(next);
    if (!opened) return false;
    append(text, *opened);
    bytes = bytes.subspan(next.size());
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece = data[0] + std::size_t{1};
  const ByteSpan bytes(data + 1, std::min<std::size_t>(size - 1, 8192));
  const Bytes one(32, 1);
  const Bytes two(32, 2);
  Bytes text;
  FrameCipher stranger({one, two});
  open_in_pieces(stranger, bytes, piece, text);
  if (!text.empty()) std::abort();  // nobody can guess a tag

  FrameCipher sender({two, one});
  FrameCipher receiver({one, two});
  if (!open_in_pieces(receiver, sender.seal(bytes), piece, text)) std::abort();
  if (!std::ranges::equal(text, bytes)) std::abort();
  return 0;
}
