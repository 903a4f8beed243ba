#include "protocol/esp/slip.hpp"

#include <algorithm>
#include <utility>

namespace aiot::esp {
namespace {
constexpr std::uint8_t end = 0xC0;
constexpr std::uint8_t escape = 0xDB;
constexpr std::uint8_t escaped_end = 0xDC;
constexpr std::uint8_t escaped_escape = 0xDD;
}  // namespace

void slip_encode_part(ByteSpan bytes, Bytes& out) {
  while (!bytes.empty()) {
    const auto plain = std::find_if(bytes.begin(), bytes.end(),
                                    [](std::uint8_t b) { return b == end || b == escape; });
    out.insert(out.end(), bytes.begin(), plain);
    if (plain == bytes.end()) return;
    out.push_back(escape);
    out.push_back(*plain == end ? escaped_end : escaped_escape);
    bytes = bytes.subspan(static_cast<std::size_t>(plain - bytes.begin()) + 1);
  }
}

void slip_encode(ByteSpan payload, Bytes& out) {
  out.reserve(out.size() + payload.size() + payload.size() / 64 + 2);
  out.push_back(end);
  slip_encode_part(payload, out);
  out.push_back(end);
}

std::optional<Bytes> SlipDecoder::next(ByteSpan& input) {
  while (!input.empty()) {
    if (inside_ && !escaped_ && !bad_) {
      // The common case: a run of plain bytes, taken at once.
      const auto special = std::find_if(input.begin(), input.end(),
                                        [](std::uint8_t b) { return b == end || b == escape; });
      const auto run = static_cast<std::size_t>(special - input.begin());
      if (run > max_frame_ - frame_.size()) {
        bad_ = true;
      } else {
        frame_.insert(frame_.end(), input.begin(), special);
      }
      input = input.subspan(run);
      if (input.empty()) return std::nullopt;
    }
    const std::uint8_t byte = input.front();
    input = input.subspan(1);
    if (byte == end) {
      if (!inside_) {
        inside_ = true;
        continue;
      }
      const bool good = !bad_ && !escaped_;
      if (good && frame_.empty()) continue;  // two C0 in a row: the second one opens
      Bytes frame = std::exchange(frame_, {});
      // A frame that went wrong may have lost its C0: this one may as well open the next.
      inside_ = !good;
      escaped_ = bad_ = false;
      if (good) return frame;
      ++dropped_;
      continue;
    }
    if (!inside_) {
      if (noise_.size() < max_noise) noise_.push_back(byte);
      continue;
    }
    if (bad_) continue;
    if (escaped_) {
      escaped_ = false;
      if (byte != escaped_end && byte != escaped_escape) {
        bad_ = true;
      } else if (frame_.size() >= max_frame_) {
        bad_ = true;
      } else {
        frame_.push_back(byte == escaped_end ? end : escape);
      }
    } else if (byte == escape) {
      escaped_ = true;
    }
  }
  return std::nullopt;
}

void SlipDecoder::reset() {
  frame_.clear();
  noise_.clear();
  inside_ = escaped_ = bad_ = false;
}

Bytes SlipDecoder::take_noise() { return std::exchange(noise_, {}); }

}  // namespace aiot::esp
