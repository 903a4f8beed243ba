#include "image/delta_code.hpp"

#include <algorithm>

namespace aiot::image {
namespace {

using U32 = std::uint32_t;
using Found = std::optional<CodeOperand>;

constexpr U32 bits(U32 value, unsigned from, unsigned count) {
  return value >> from & ((1U << count) - 1);
}
/// The low `count` bits as a signed number, in two's complement of 32 bits.
constexpr U32 extend(U32 value, unsigned count) {
  const auto sign = 1U << (count - 1);
  return ((value & ((sign << 1) - 1)) ^ sign) - sign;
}
/// Whether `distance` is one that `count` bits can hold.
constexpr bool fits(U32 distance, unsigned count) { return extend(distance, count) == distance; }
CodeOperand operand(unsigned kind, unsigned length, U32 target) {
  return {static_cast<std::uint8_t>(kind), static_cast<std::uint8_t>(length), target};
}

/// ARMv7-M Architecture Reference Manual, A7.7.12 B (T4) and A7.7.18 BL (T1).
namespace thumb {

Found decode(ByteSpan b, U32 address) {
  if (b.size() < 4 || address % 2 != 0) return {};
  const U32 high = load_le16(&b[0]), low = load_le16(&b[2]);
  if ((high & 0xF800) != 0xF000 || (low & 0x9000) != 0x9000) return {};
  const auto s = bits(high, 10, 1), i1 = bits(low, 13, 1) ^ s ^ 1, i2 = bits(low, 11, 1) ^ s ^ 1;
  const auto distance =
      extend(s << 24 | i1 << 23 | i2 << 22 | bits(high, 0, 10) << 12 | bits(low, 0, 11) << 1, 25);
  return operand(bits(low, 14, 1), 4, address + 4 + distance);
}

bool encode(const CodeOperand& o, std::uint8_t* b, U32 address) {
  const auto distance = o.target - address - 4;
  if (!fits(distance, 25) || distance % 2 != 0) return false;
  const auto s = bits(distance, 24, 1);
  const auto j1 = bits(distance, 23, 1) ^ s ^ 1, j2 = bits(distance, 22, 1) ^ s ^ 1;
  store_le16(b, static_cast<std::uint16_t>(0xF000 | s << 10 | bits(distance, 12, 10)));
  store_le16(b + 2, static_cast<std::uint16_t>((load_le16(b + 2) & 0xD000) | j1 << 13 | j2 << 11 |
                                               bits(distance, 1, 11)));
  return true;
}

}  // namespace thumb

/// Xtensa Instruction Set Architecture Reference Manual: CALL0 to CALL12, J, L32R.
namespace xtensa {

enum Kind : std::uint8_t { call = 0, jump = 1, literal = 2 };

U32 load24(const std::uint8_t* b) { return U32{b[0]} | U32{b[1]} << 8 | U32{b[2]} << 16; }

Found decode(ByteSpan b, U32 address) {
  if (b.size() < 3) return {};
  const auto word = load24(b.data());
  switch (word & 0xF) {
    case 0x5: return operand(call, 3, (address & ~3U) + 4 + (extend(word >> 6, 18) << 2));
    case 0x6:
      if (bits(word, 4, 2) != 0) return {};
      return operand(jump, 3, address + 4 + extend(word >> 6, 18));
    case 0x1: return operand(literal, 3, ((address + 3) & ~3U) + ((0xFFFF0000U | word >> 8) << 2));
    default: return {};
  }
}

bool encode(const CodeOperand& o, std::uint8_t* b, U32 address) {
  auto word = load24(b);
  if (o.kind == literal) {
    const auto distance = o.target - ((address + 3) & ~3U);
    if (distance % 4 != 0 || distance < 0xFFFC0000U) return false;
    word = (word & 0xFF) | bits(distance, 2, 16) << 8;
  } else if (o.kind == call) {
    const auto distance = o.target - (address & ~3U) - 4;
    if (distance % 4 != 0 || !fits(distance, 20)) return false;
    word = (word & 0x3F) | bits(distance, 2, 18) << 6;
  } else {
    const auto distance = o.target - address - 4;
    if (!fits(distance, 18)) return false;
    word = (word & 0x3F) | bits(distance, 0, 18) << 6;
  }
  for (unsigned i = 0; i < 3; ++i) b[i] = static_cast<std::uint8_t>(word >> (8 * i));
  return true;
}

}  // namespace xtensa

/// The RISC-V Instruction Set Manual, volume I: JAL, AUIPC or LUI with the instruction behind it
/// that adds 12 bits, C.J, C.JAL (RV32).
namespace riscv {

enum Kind : std::uint8_t { jal = 0, compressed = 1, compressed_call = 2, pair = 3, absolute = 4 };
constexpr U32 op_lui = 0x37, op_auipc = 0x17, op_jal = 0x6F, op_jalr = 0x67, op_imm = 0x13,
              op_load = 0x03, op_store = 0x23;

/// The bits of a J immediate in their places, and back. (Table "RISC-V base instruction formats")
constexpr U32 jal_distance(U32 w) {
  return extend(
      bits(w, 31, 1) << 20 | bits(w, 12, 8) << 12 | bits(w, 20, 1) << 11 | bits(w, 21, 10) << 1,
      21);
}
constexpr U32 jal_bits(U32 d) {
  return bits(d, 20, 1) << 31 | bits(d, 12, 8) << 12 | bits(d, 11, 1) << 20 | bits(d, 1, 10) << 21;
}
/// imm[11|4|9:8|10|6|7|3:1|5] from bit 12 down. (Chapter "C", CJ format)
constexpr U32 short_distance(U32 w) {
  return extend(bits(w, 12, 1) << 11 | bits(w, 11, 1) << 4 | bits(w, 9, 2) << 8 |
                    bits(w, 8, 1) << 10 | bits(w, 7, 1) << 6 | bits(w, 6, 1) << 7 |
                    bits(w, 3, 3) << 1 | bits(w, 2, 1) << 5,
                12);
}
constexpr U32 short_bits(U32 d) {
  return bits(d, 11, 1) << 12 | bits(d, 4, 1) << 11 | bits(d, 8, 2) << 9 | bits(d, 10, 1) << 8 |
         bits(d, 6, 1) << 7 | bits(d, 7, 1) << 6 | bits(d, 1, 3) << 3 | bits(d, 5, 1) << 2;
}

Found decode_pair(ByteSpan b, U32 address) {
  if (b.size() < 8) return {};
  const auto first = load_le32(&b[0]), second = load_le32(&b[4]);
  const auto destination = bits(first, 7, 5);
  if (destination == 0 || bits(second, 15, 5) != destination) return {};
  U32 low = 0;
  switch (second & 0x7F) {
    case op_imm:
      if (bits(second, 12, 3) != 0) return {};
      [[fallthrough]];
    case op_jalr:
    case op_load: low = extend(second >> 20, 12); break;
    case op_store: low = extend(bits(second, 25, 7) << 5 | bits(second, 7, 5), 12); break;
    default: return {};
  }
  const auto value = (first & 0xFFFFF000) + low;
  return (first & 0x7F) == op_lui ? operand(absolute, 8, value) : operand(pair, 8, address + value);
}

Found decode(ByteSpan b, U32 address) {
  if (b.size() < 2 || address % 2 != 0) return {};
  if ((b[0] & 3) != 3) {
    const U32 half = load_le16(&b[0]);
    if ((half & 0xE003) == 0xA001) return operand(compressed, 2, address + short_distance(half));
    if ((half & 0xE003) == 0x2001)
      return operand(compressed_call, 2, address + short_distance(half));
    return {};
  }
  if (b.size() < 4) return {};
  const auto word = load_le32(&b[0]);
  switch (word & 0x7F) {
    case op_jal: return operand(jal, 4, address + jal_distance(word));
    case op_auipc:
    case op_lui: return decode_pair(b, address);
    default: return {};
  }
}

bool encode(const CodeOperand& o, std::uint8_t* b, U32 address) {
  const auto distance = o.target - address;
  if (o.kind != absolute && o.kind != pair && distance % 2 != 0) return false;
  if (o.kind == jal) {
    if (!fits(distance, 21)) return false;
    store_le32(b, (load_le32(b) & 0xFFF) | jal_bits(distance));
    return true;
  }
  if (o.kind == compressed || o.kind == compressed_call) {
    if (!fits(distance, 12)) return false;
    store_le16(b, static_cast<std::uint16_t>((load_le16(b) & 0xE003) | short_bits(distance)));
    return true;
  }
  const auto value = o.kind == absolute ? o.target : distance;
  auto second = load_le32(b + 4);
  if ((second & 0x7F) == op_store)
    second = (second & 0x01FFF07F) | bits(value, 5, 7) << 25 | bits(value, 0, 5) << 7;
  else
    second = (second & 0xFFFFF) | value << 20;
  store_le32(b, (load_le32(b) & 0xFFF) | ((value + 0x800) & 0xFFFFF000));
  store_le32(b + 4, second);
  return true;
}

}  // namespace riscv

/// Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2: CALL and JMP rel32, Jcc
/// rel32, and the commonest instructions whose ModR/M byte says RIP + disp32.
namespace x86 {

/// Where the four bytes of the displacement begin.
unsigned displacement_at(ByteSpan b) {
  if (b[0] == 0xE8 || b[0] == 0xE9) return 1;
  if (b[0] == 0x0F && (b[1] & 0xF0) == 0x80) return 2;
  if ((b[0] & 0xF0) != 0x40 || (b[2] & 0xC7) != 0x05) return 0;
  constexpr std::uint8_t opcodes[] = {0x03, 0x39, 0x3B,
                                      0x89, 0x8B, 0x8D};  // ADD CMP CMP MOV MOV LEA
  return std::find(std::begin(opcodes), std::end(opcodes), b[1]) != std::end(opcodes) ? 3 : 0;
}

Found decode(ByteSpan b, U32 address) {
  if (b.size() < 7) return {};
  const auto at = displacement_at(b);
  if (at == 0) return {};
  return operand(at + (b[0] == 0xE9), at + 4, address + at + 4 + load_le32(&b[at]));
}

bool encode(const CodeOperand& o, std::uint8_t* b, U32 address) {
  store_le32(b + o.length - 4, o.target - address - o.length);
  return true;
}

}  // namespace x86

}  // namespace

std::optional<CodeOperand> decode_operand(DeltaCode code, ByteSpan bytes, std::uint32_t address) {
  switch (code) {
    case DeltaCode::arm_thumb: return thumb::decode(bytes, address);
    case DeltaCode::xtensa: return xtensa::decode(bytes, address);
    case DeltaCode::riscv: return riscv::decode(bytes, address);
    case DeltaCode::x86: return x86::decode(bytes, address);
    case DeltaCode::none: break;
  }
  return {};
}

bool encode_operand(DeltaCode code, const CodeOperand& operand, std::span<std::uint8_t> bytes,
                    std::uint32_t address) {
  switch (code) {
    case DeltaCode::arm_thumb: return thumb::encode(operand, bytes.data(), address);
    case DeltaCode::xtensa: return xtensa::encode(operand, bytes.data(), address);
    case DeltaCode::riscv: return riscv::encode(operand, bytes.data(), address);
    case DeltaCode::x86: return x86::encode(operand, bytes.data(), address);
    case DeltaCode::none: break;
  }
  return false;
}

std::size_t instruction_step(DeltaCode code, ByteSpan bytes, std::uint32_t address) {
  // Reading in step with the instructions finds again to them within a few, wherever it begins.
  if (code == DeltaCode::xtensa) return (bytes[0] & 0xF) >= 8 && (bytes[0] & 0xF) < 14 ? 2 : 3;
  if (code == DeltaCode::riscv && address % 2 == 0) return (bytes[0] & 3) == 3 ? 4 : 2;
  return 1;
}

}  // namespace aiot::image
