#include "protocol/smp/packet.hpp"

#include <array>

#include "protocol/smp/cbor.hpp"
#include "protocol/smp/error.hpp"

namespace aiot::smp {
namespace {

constexpr std::string_view first_mark = "\x06\x09";
constexpr std::string_view next_mark = "\x04\x14";
/// With its mark and its line feed: Zephyr's console takes no longer lines.
constexpr std::size_t line_bytes = 127;
/// Of a line's text, a multiple of four.
constexpr std::size_t text_bytes = (line_bytes - 3) / 4 * 4;
constexpr std::size_t length_bytes = 2;
constexpr std::size_t crc_bytes = 2;

void append_be16(Bytes& out, std::size_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8));
  out.push_back(static_cast<std::uint8_t>(value));
}

/// CRC-16/XMODEM: polynomial 1021, from 0.
std::uint16_t crc16(ByteSpan bytes) {
  unsigned crc = 0;
  for (const std::uint8_t byte : bytes) {
    crc ^= unsigned{byte} << 8;
    for (int bit = 0; bit < 8; ++bit) crc = crc << 1 ^ ((crc & 0x8000) != 0 ? 0x1021 : 0);
    crc &= 0xFFFF;
  }
  return static_cast<std::uint16_t>(crc);
}

}  // namespace

Bytes encode(const Packet& packet) {
  const Bytes body = encode_cbor(packet.body);
  Bytes out;
  out.push_back(static_cast<std::uint8_t>(packet.version << 3 | static_cast<unsigned>(packet.op)));
  out.push_back(0);  // flags
  append_be16(out, body.size());
  append_be16(out, static_cast<std::uint16_t>(packet.group));
  out.push_back(packet.sequence);
  out.push_back(packet.command);
  append(out, body);
  return out;
}

Result<Packet> decode(ByteSpan bytes) {
  if (bytes.size() < header_bytes) return make_error(Errc::bad_reply, "a header that is cut off");
  if (bytes.size() != header_bytes + load_be16(&bytes[2])) {
    return make_error(Errc::bad_reply, "a length that differs from the packet's");
  }
  Packet packet;
  packet.version = bytes[0] >> 3 & 3;
  if ((bytes[0] & 7) > 3) return make_error(Errc::bad_reply, "an operation that is not known");
  packet.op = static_cast<Op>(bytes[0] & 7);
  packet.group = static_cast<Group>(load_be16(&bytes[4]));
  packet.sequence = bytes[6];
  packet.command = bytes[7];
  AIOT_TRY(Value body, decode_cbor(bytes.subspan(header_bytes)));
  const Object* map = body.object();
  if (map == nullptr) return make_error(Errc::bad_reply, "a body that is no map");
  packet.body = *map;
  return packet;
}

Bytes to_lines(ByteSpan packet) {
  Bytes frame;
  append_be16(frame, packet.size() + crc_bytes);
  append(frame, packet);
  append_be16(frame, crc16(packet));
  const std::string text = to_base64(frame);
  Bytes out;
  for (std::size_t at = 0; at < text.size(); at += text_bytes) {
    append(out, as_bytes(at == 0 ? first_mark : next_mark));
    append(out, as_bytes(std::string_view(text).substr(at, text_bytes)));
    out.push_back('\n');
  }
  return out;
}

void LineReader::feed(ByteSpan bytes) {
  for (const std::uint8_t byte : bytes) {
    if (byte == '\n') {
      if (!overlong_) on_line();
      line_.clear();
      overlong_ = false;
    } else if (line_.size() < max_packet_bytes) {
      line_.push_back(static_cast<char>(byte));
    } else {
      overlong_ = true;
    }
  }
}

void LineReader::on_line() {
  while (line_.ends_with('\r')) line_.pop_back();
  // A prompt or an echo may stand before the mark.
  const std::size_t first = line_.find(first_mark);
  const std::size_t at = first != std::string::npos ? first : line_.find(next_mark);
  if (at == std::string::npos) return;
  if (first != std::string::npos) {
    frame_.emplace();
  } else if (!frame_) {
    return;
  }
  const std::optional<Bytes> part = from_base64(std::string_view(line_).substr(at + 2));
  if (!part || frame_->size() + part->size() > max_packet_bytes) return frame_.reset();
  append(*frame_, *part);
  if (frame_->size() < length_bytes) return;
  const std::size_t length = load_be16(frame_->data());
  if (length < crc_bytes) return frame_.reset();
  if (frame_->size() < length_bytes + length) return;
  const ByteSpan packet = ByteSpan(*frame_).subspan(length_bytes, length - crc_bytes);
  const bool whole = load_be16(packet.data() + packet.size()) == crc16(packet);
  // Bounded for a peer that sends faster than anybody asks.
  if (whole && packets_.size() < 64) packets_.emplace_back(packet.begin(), packet.end());
  frame_.reset();
}

std::optional<Bytes> LineReader::next() {
  if (packets_.empty()) return std::nullopt;
  Bytes packet = std::move(packets_.front());
  packets_.pop_front();
  return packet;
}

}  // namespace aiot::smp
