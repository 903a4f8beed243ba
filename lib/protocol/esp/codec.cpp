#include "protocol/esp/codec.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace aiot::esp {
namespace {

constexpr std::uint8_t slip_end = 0xC0;
constexpr std::uint8_t slip_escape = 0xDB;
constexpr std::uint8_t escaped_end = 0xDC;
constexpr std::uint8_t escaped_escape = 0xDD;

constexpr std::uint8_t request_direction = 0x00;
constexpr std::uint8_t reply_direction = 0x01;

std::array<std::uint8_t, header_bytes> header(std::uint8_t direction, Op op, std::size_t size,
                                              std::uint32_t word) {
  std::array<std::uint8_t, header_bytes> out{direction, static_cast<std::uint8_t>(op)};
  store_le16(&out[2], static_cast<std::uint16_t>(size));
  store_le32(&out[4], word);
  return out;
}

Errc refusal(std::uint8_t code) {
  switch (code) {
    case reason::invalid_message:
    case reason::stub_invalid_command:
    case reason::stub_not_implemented: return Errc::unsupported;
    case reason::invalid_crc:
    case reason::stub_bad_data_length:
    case reason::stub_bad_checksum:
    case reason::stub_not_enough_data:
    case reason::stub_too_much_data: return Errc::damaged;
    default: return Errc::refused;
  }
}

Bytes frame(ByteSpan head, ByteSpan data) {
  Bytes out;
  out.reserve(head.size() + data.size() + data.size() / 32 + 8);
  out.push_back(0xC0);
  slip_encode_part(head, out);
  slip_encode_part(data, out);
  out.push_back(0xC0);
  return out;
}

}  // namespace

void slip_encode_part(ByteSpan bytes, Bytes& out) {
  while (!bytes.empty()) {
    const auto plain = std::find_if(bytes.begin(), bytes.end(), [](std::uint8_t b) {
      return b == slip_end || b == slip_escape;
    });
    out.insert(out.end(), bytes.begin(), plain);
    if (plain == bytes.end()) return;
    out.push_back(slip_escape);
    out.push_back(*plain == slip_end ? escaped_end : escaped_escape);
    bytes = bytes.subspan(static_cast<std::size_t>(plain - bytes.begin()) + 1);
  }
}

void slip_encode(ByteSpan payload, Bytes& out) {
  out.reserve(out.size() + payload.size() + payload.size() / 64 + 2);
  out.push_back(slip_end);
  slip_encode_part(payload, out);
  out.push_back(slip_end);
}

std::optional<Bytes> SlipDecoder::next(ByteSpan& input) {
  while (!input.empty()) {
    if (inside_ && !escaped_ && !bad_) {
      // The common case: a run of plain bytes, taken at once.
      const auto special = std::find_if(input.begin(), input.end(), [](std::uint8_t b) {
        return b == slip_end || b == slip_escape;
      });
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
    if (byte == slip_end) {
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
        frame_.push_back(byte == escaped_end ? slip_end : slip_escape);
      }
    } else if (byte == slip_escape) {
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

std::string_view op_name(Op op) {
  switch (op) {
    case Op::flash_begin: return "FLASH_BEGIN";
    case Op::flash_data: return "FLASH_DATA";
    case Op::flash_end: return "FLASH_END";
    case Op::mem_begin: return "MEM_BEGIN";
    case Op::mem_end: return "MEM_END";
    case Op::mem_data: return "MEM_DATA";
    case Op::sync: return "SYNC";
    case Op::write_reg: return "WRITE_REG";
    case Op::read_reg: return "READ_REG";
    case Op::spi_set_params: return "SPI_SET_PARAMS";
    case Op::spi_attach: return "SPI_ATTACH";
    case Op::read_flash_slow: return "READ_FLASH_SLOW";
    case Op::change_baudrate: return "CHANGE_BAUDRATE";
    case Op::flash_defl_begin: return "FLASH_DEFL_BEGIN";
    case Op::flash_defl_data: return "FLASH_DEFL_DATA";
    case Op::flash_defl_end: return "FLASH_DEFL_END";
    case Op::spi_flash_md5: return "SPI_FLASH_MD5";
    case Op::get_security_info: return "GET_SECURITY_INFO";
    case Op::erase_flash: return "ERASE_FLASH";
    case Op::erase_region: return "ERASE_REGION";
    case Op::read_flash: return "READ_FLASH";
    case Op::run_user_code: return "RUN_USER_CODE";
    case Op::flash_encrypt_data: return "FLASH_ENCRYPT_DATA";
  }
  return "";
}

std::uint8_t checksum(ByteSpan payload) {
  std::uint8_t sum = 0xEF;
  for (const std::uint8_t b : payload) sum ^= b;
  return sum;
}

std::string_view reason_name(std::uint8_t code) {
  switch (code) {
    case 0x01: return "a parameter is invalid";
    case 0x02: return "out of memory";
    case 0x03: return "could not send";
    case 0x04: return "could not receive";
    case reason::invalid_message: return "the message is invalid, or the command unknown";
    case reason::failed_to_act: return "failed to act on the message";
    case reason::invalid_crc: return "wrong checksum";
    case reason::flash_write: return "flash write error";
    case reason::flash_read: return "flash read error";
    case reason::flash_read_length: return "flash read length error";
    case reason::deflate: return "deflate error";
    case 0x0C: return "wrong Adler-32";
    case 0x0D: return "deflate parameter error";
    case 0x0E: return "invalid size of a RAM segment";
    case 0x0F: return "invalid address of a RAM segment";
    case 0x64: return "invalid parameter";
    case 0x65: return "invalid format";
    case 0x66: return "description too long";
    case 0x67: return "badly encoded description";
    case 0x69: return "not enough storage";
    case reason::stub_bad_data_length: return "bad data length";
    case reason::stub_bad_checksum: return "wrong checksum";
    case reason::stub_bad_block_size: return "bad block size";
    case reason::stub_invalid_command: return "invalid command";
    case reason::stub_spi_failed: return "the SPI operation failed";
    case reason::stub_spi_unlock: return "the flash could not be unlocked";
    case reason::stub_not_in_flash_mode: return "not in flash mode";
    case reason::stub_inflate: return "inflate error";
    case reason::stub_not_enough_data: return "not enough data";
    case reason::stub_too_much_data: return "too much data";
    case reason::stub_not_implemented: return "the command is not implemented";
    default: return "";
  }
}

Bytes words(std::initializer_list<std::uint32_t> values) {
  Bytes out;
  out.reserve(values.size() * 4);
  for (const std::uint32_t v : values) append_le32(out, v);
  return out;
}

Bytes frame_request(Op op, ByteSpan data, std::uint32_t check) {
  return frame(header(request_direction, op, data.size(), check), data);
}

Bytes frame_block(Op op, std::uint32_t sequence, ByteSpan payload, std::size_t padding) {
  const std::size_t size = payload.size() + padding;
  // An odd number of FF turns every bit of the checksum.
  const std::uint8_t check = checksum(payload) ^ (padding % 2 ? 0xFF : 0x00);
  const auto head = header(request_direction, op, block_header_bytes + size, check);
  std::array<std::uint8_t, block_header_bytes> block{};
  store_le32(&block[0], static_cast<std::uint32_t>(size));
  store_le32(&block[4], sequence);
  Bytes out;
  out.reserve(head.size() + block.size() + size + size / 32 + 8);
  out.push_back(0xC0);
  slip_encode_part(head, out);
  slip_encode_part(block, out);
  slip_encode_part(payload, out);
  out.insert(out.end(), padding, 0xFF);
  out.push_back(0xC0);
  return out;
}

Result<Request> decode_request(ByteSpan bytes) {
  if (bytes.size() < header_bytes || bytes[0] != request_direction ||
      bytes.size() - header_bytes != load_le16(&bytes[2])) {
    return make_error(Errc::bad_reply, "decoding a request");
  }
  return Request{static_cast<Op>(bytes[1]), load_le32(&bytes[4]), bytes.subspan(header_bytes)};
}

Result<Reply> decode_reply(ByteSpan bytes) {
  if (bytes.size() < header_bytes || bytes[0] != reply_direction) {
    return make_error(Errc::bad_reply, "decoding a reply");
  }
  const std::size_t size = load_le16(&bytes[2]);
  if (bytes.size() - header_bytes < size) {
    return make_error(Errc::bad_reply, fmt::format("a reply of {} bytes where {} were announced",
                                                   bytes.size() - header_bytes, size));
  }
  return Reply{static_cast<Op>(bytes[1]), load_le32(&bytes[4]), bytes.subspan(header_bytes, size)};
}

Bytes frame_reply(Op op, std::uint32_t value, ByteSpan data) {
  return frame(header(reply_direction, op, data.size(), value), data);
}

Result<ByteSpan> check_status(const Reply& reply, std::size_t body_bytes) {
  constexpr std::size_t status_bytes = 2;  // a ROM's other two are reserved
  // A reply too short for its body is a refusal without one: the status comes first.
  const bool whole = reply.data.size() >= body_bytes + status_bytes;
  const std::size_t at = whole ? body_bytes : 0;
  const std::string name(op_name(reply.op));
  if (reply.data.size() < status_bytes) {
    return make_error(Errc::bad_reply, name + ": a reply without a status");
  }
  if (reply.data[at] != 0) {
    const std::uint8_t code = reply.data[at] == 0x01 ? reply.data[at + 1] : reply.data[at];
    const std::string_view text = reason_name(code);
    return make_error(refusal(code), name)
        .with_peer_text(text.empty() ? fmt::format("error {:02x}", code)
                                     : fmt::format("error {:02x}: {}", code, text));
  }
  if (!whole) {
    return make_error(Errc::bad_reply, fmt::format("{}: {} bytes where {} were expected", name,
                                                   reply.data.size(), body_bytes + status_bytes));
  }
  return reply.data.first(body_bytes);
}

Bytes sync_payload() {
  Bytes out(36, 0x55);
  out[0] = 0x07;
  out[1] = 0x07;
  out[2] = 0x12;
  out[3] = 0x20;
  return out;
}

}  // namespace aiot::esp
