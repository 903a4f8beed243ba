#include "protocol/homekit/frames.hpp"

#include <algorithm>
#include <array>

#include "crypto/aead.hpp"
#include "provisioning/error.hpp"

namespace aiot::homekit {
namespace {

constexpr std::size_t length_bytes = 2;

/// Four zeros, and the number of the frame.
std::array<std::uint8_t, crypto::aead_nonce_bytes> frame_nonce(std::uint64_t number) {
  std::array<std::uint8_t, crypto::aead_nonce_bytes> out{};
  store_le32(out.data() + 4, static_cast<std::uint32_t>(number));
  store_le32(out.data() + 8, static_cast<std::uint32_t>(number >> 32));
  return out;
}

}  // namespace

Bytes FrameCipher::seal(ByteSpan text) {
  Bytes out;
  while (!text.empty()) {
    const ByteSpan piece = text.first(std::min(text.size(), most_text_bytes));
    Bytes length;
    append_le16(length, static_cast<std::uint16_t>(piece.size()));
    append(out, length);
    append(out,
           crypto::chacha20_poly1305_seal(keys_.write, frame_nonce(written_++), length, piece));
    text = text.subspan(piece.size());
  }
  return out;
}

Result<Bytes> FrameCipher::open(ByteSpan bytes) {
  append(waiting_, bytes);
  Bytes out;
  ByteSpan rest = waiting_;
  while (rest.size() >= length_bytes) {
    const std::size_t length = load_le16(rest.data());
    if (length > most_text_bytes)
      return make_error(provisioning::Errc::protocol_violated, "a frame is too long");
    const std::size_t sealed = length + crypto::aead_tag_bytes;
    if (rest.size() - length_bytes < sealed) break;
    const std::optional<Bytes> text =
        crypto::chacha20_poly1305_open(keys_.read, frame_nonce(read_), rest.first(length_bytes),
                                       rest.subspan(length_bytes, sealed));
    if (!text) return make_error(provisioning::Errc::protocol_violated, "a frame was changed");
    ++read_;
    append(out, *text);
    rest = rest.subspan(length_bytes + sealed);
  }
  waiting_.erase(waiting_.begin(), waiting_.end() - static_cast<std::ptrdiff_t>(rest.size()));
  return out;
}

net::Task<std::size_t> SecureLink::read_some(std::span<std::uint8_t> buffer,
                                             net::TimePoint deadline) {
  while (text_.empty()) {
    std::array<std::uint8_t, 4096> sealed;
    AIOT_CO_TRY(const std::size_t got, co_await link_.read_some(sealed, deadline));
    AIOT_CO_TRY(text_, cipher_.open(ByteSpan(sealed).first(got)));
    // Frames may be empty, or come byte by byte for ever.
    if (text_.empty() && clock().now() >= deadline) co_return make_error(net::Errc::timed_out);
  }
  const std::size_t count = std::min(buffer.size(), text_.size());
  std::copy_n(text_.begin(), count, buffer.begin());
  text_.erase(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(count));
  co_return count;
}

net::Task<void> SecureLink::write(ByteSpan data, net::TimePoint deadline) {
  const Bytes sealed = cipher_.seal(data);
  Result<void> written = co_await link_.write(sealed, deadline);
  co_return written;
}

net::Task<void> SecureLink::discard_input() {
  text_.clear();
  co_return Result<void>();
}

net::Task<void> SecureLink::reopen(net::TimePoint) {
  co_return make_error(net::Errc::not_supported, "a session cannot outlive its connection");
}

}  // namespace aiot::homekit
