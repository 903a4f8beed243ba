#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "aiot/bytes.hpp"
#include "protocol/esp/error.hpp"

/// The bytes of the ESP loaders, both ends: Espressif's "Serial Protocol" (esptool documentation
/// 5.3), sections "Packet Content", "Command Packet", "Response Packet" and "Commands".
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
  /// The first bytes that were seen outside frames: what to report when no frame comes.
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

enum class Op : std::uint8_t {
  // Every ROM, every stub.
  flash_begin = 0x02,
  flash_data = 0x03,
  flash_end = 0x04,
  mem_begin = 0x05,
  mem_end = 0x06,
  mem_data = 0x07,
  sync = 0x08,
  write_reg = 0x09,
  read_reg = 0x0A,
  // Every ROM but the ESP8266's, every stub.
  spi_set_params = 0x0B,
  spi_attach = 0x0D,
  read_flash_slow = 0x0E,  // ROM only
  change_baudrate = 0x0F,
  flash_defl_begin = 0x10,
  flash_defl_data = 0x11,
  flash_defl_end = 0x12,
  spi_flash_md5 = 0x13,
  // ROMs from the ESP32-S2 on, and their stubs.
  get_security_info = 0x14,
  // Stubs only.
  erase_flash = 0xD0,
  erase_region = 0xD1,
  read_flash = 0xD2,
  run_user_code = 0xD3,
  flash_encrypt_data = 0xD4,
};

/// "FLASH_BEGIN"; "command 0x7f" has no name and gives "".
std::string_view op_name(Op op);

/// XOR of all bytes, starting at EF: the checksum of the payload of DATA commands.
std::uint8_t checksum(ByteSpan payload);

/// The words for a refusal's reason: below 80 are the ROM's, C0…C9 and FF the stub's.
/// "" for a code that the documents do not name.
std::string_view reason_name(std::uint8_t code);

namespace reason {
inline constexpr std::uint8_t invalid_message = 0x05;
inline constexpr std::uint8_t failed_to_act = 0x06;
inline constexpr std::uint8_t invalid_crc = 0x07;
inline constexpr std::uint8_t flash_write = 0x08;
inline constexpr std::uint8_t flash_read = 0x09;
inline constexpr std::uint8_t flash_read_length = 0x0A;
inline constexpr std::uint8_t deflate = 0x0B;
inline constexpr std::uint8_t stub_bad_data_length = 0xC0;
inline constexpr std::uint8_t stub_bad_checksum = 0xC1;
inline constexpr std::uint8_t stub_bad_block_size = 0xC2;
inline constexpr std::uint8_t stub_invalid_command = 0xC3;
inline constexpr std::uint8_t stub_spi_failed = 0xC4;
inline constexpr std::uint8_t stub_spi_unlock = 0xC5;
inline constexpr std::uint8_t stub_not_in_flash_mode = 0xC6;
inline constexpr std::uint8_t stub_inflate = 0xC7;
inline constexpr std::uint8_t stub_not_enough_data = 0xC8;
inline constexpr std::uint8_t stub_too_much_data = 0xC9;
inline constexpr std::uint8_t stub_not_implemented = 0xFF;
}  // namespace reason

inline constexpr std::size_t header_bytes = 8;
/// In front of the payload of a DATA command: size, sequence number, 0, 0.
inline constexpr std::size_t block_header_bytes = 16;

/// The data field made of little-endian 32-bit words.
Bytes words(std::initializer_list<std::uint32_t> values);

/// One request, in SLIP, ready for the wire. `check` is 0 but for DATA commands.
Bytes frame_request(Op op, ByteSpan data, std::uint32_t check = 0);
/// One DATA request (FLASH_DATA, FLASH_DEFL_DATA, MEM_DATA), in SLIP, with its checksum.
/// The payload is followed by `padding` bytes FF that count as payload.
Bytes frame_block(Op op, std::uint32_t sequence, ByteSpan payload, std::size_t padding = 0);

/// A decoded request; `data` views the frame it was decoded from.
struct Request {
  Op op{};
  std::uint32_t check = 0;
  ByteSpan data;
};
/// Errc::bad_reply when the frame is no request or its length is not what it says.
Result<Request> decode_request(ByteSpan frame);

/// A decoded reply; `data` views the frame: the body, then 2 status bytes (4 from most ROMs).
struct Reply {
  Op op{};
  std::uint32_t value = 0;
  ByteSpan data;
};
/// Errc::bad_reply when the frame is no reply or shorter than it says. A longer one is cut.
Result<Reply> decode_reply(ByteSpan frame);

/// One reply, in SLIP, ready for the wire: the device side. `data` holds body and status bytes.
Bytes frame_reply(Op op, std::uint32_t value, ByteSpan data);

/// The body of a reply that should hold `body_bytes` before its status, which is `01 reason` from a
/// ROM and `reason 00` from a stub. Its refusals carry the reason in peer_text: Errc::unsupported
/// for reasons 05, C3 and FF, Errc::damaged for those that say the request was not taken (07, C0,
/// C1, C8, C9), else Errc::refused. Errc::bad_reply when it is too short.
Result<ByteSpan> check_status(const Reply& reply, std::size_t body_bytes);

/// Opens a SYNC: 07 07 12 20, then 32 times 55.
Bytes sync_payload();

}  // namespace aiot::esp
