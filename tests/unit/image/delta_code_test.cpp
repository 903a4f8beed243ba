#include "image/delta_code.hpp"

#include <doctest/doctest.h>

#include <random>

using namespace aiot;
using namespace aiot::image;

namespace {

struct Vector {
  DeltaCode code;
  std::uint32_t address;
  const char* bytes;
  std::uint32_t target;
};

// GNU binutils 2.40 of Debian 12 assembled these, and its objdump names the targets.
const Vector vectors[] = {
    {DeltaCode::arm_thumb, 0x1000, "02f0a1f9", 0x3346},          // bl
    {DeltaCode::arm_thumb, 0x1004, "fff7a0fa", 0x548},           // bl
    {DeltaCode::arm_thumb, 0x1008, "fff37e97", 0x1000f08},       // b.w
    {DeltaCode::arm_thumb, 0x100c, "00f406d0", 0xff00101c},      // bl
    {DeltaCode::xtensa, 0x1000, "052301", 0x2234},               // call0
    {DeltaCode::xtensa, 0x1004, "c500ff", 0x14},                 // call0
    {DeltaCode::xtensa, 0x1007, "06bf07", 0x2f07},               // j
    {DeltaCode::xtensa, 0x100a, "46beff", 0xf07},                // j
    {DeltaCode::xtensa, 0x1010, "2100fc", 0x10},                 // l32r
    {DeltaCode::riscv, 0x1000, "ef206134", 0x13346},             // jal
    {DeltaCode::riscv, 0x1004, "6f704fd4", 0xffff8548},          // j
    {DeltaCode::riscv, 0x1008, "5da4", 0x12ae},                  // c.j
    {DeltaCode::riscv, 0x100a, "fd31", 0xcf8},                   // c.jal
    {DeltaCode::riscv, 0x100c, "97573412e780d7ed", 0x12345ee9},  // auipc, jalr
    {DeltaCode::riscv, 0x1014, "17f5ffff1305b57a", 0x7bf},       // auipc, addi
    {DeltaCode::riscv, 0x101c, "37073840832647fa", 0x4037ffa4},  // lui, lw
    {DeltaCode::riscv, 0x1024, "3707c83f2326d780", 0x3fc7f80c},  // lui, sw
    {DeltaCode::x86, 0x1000, "e851341200000000", 0x124456},      // call
    {DeltaCode::x86, 0x1005, "e9dabc9aff0000", 0xff9acce4},      // jmp
    {DeltaCode::x86, 0x100a, "0f85faff000000", 0x1100a},         // jne
    {DeltaCode::x86, 0x1010, "488b0500200000", 0x3017},          // mov 0x2000(%rip),%rax
    {DeltaCode::x86, 0x1017, "4c8d0d00d0ffff", 0xffffe01e},      // lea -0x3000(%rip),%r9
};

constexpr DeltaCode all_codes[] = {DeltaCode::arm_thumb, DeltaCode::xtensa, DeltaCode::riscv,
                                   DeltaCode::x86};

}  // namespace

TEST_CASE("delta: operands of instructions that an assembler made") {
  for (const auto& vector : vectors) {
    CAPTURE(vector.bytes);
    const auto bytes = *from_hex(vector.bytes);
    const auto operand = decode_operand(vector.code, bytes, vector.address);
    REQUIRE(operand.has_value());
    CHECK(operand->target == vector.target);
    CHECK(operand->length <= bytes.size());
    auto again = bytes;
    CHECK(encode_operand(vector.code, *operand, again, vector.address));
    CHECK(again == bytes);
  }
}

TEST_CASE("delta: an instruction that is moved names the same target") {
  for (const auto& vector : vectors) {
    CAPTURE(vector.bytes);
    auto bytes = *from_hex(vector.bytes);
    const auto operand = decode_operand(vector.code, bytes, vector.address);
    REQUIRE(operand.has_value());
    const auto to = vector.address + 4;
    const auto before = bytes;
    REQUIRE(encode_operand(vector.code, *operand, bytes, to));
    const auto moved = decode_operand(vector.code, bytes, to);
    REQUIRE(moved.has_value());
    CHECK(moved->target == vector.target);
    CHECK(moved->kind == operand->kind);
    if (vector.bytes != std::string_view("37073840832647fa") &&
        vector.bytes != std::string_view("3707c83f2326d780"))
      CHECK(bytes != before);  // LUI is not relative to its place
  }
}

TEST_CASE("delta: what an instruction cannot reach leaves its bytes alone") {
  const auto far = [](DeltaCode code, const char* hex, std::uint32_t target) {
    auto bytes = *from_hex(hex);
    const auto before = bytes;
    auto operand = decode_operand(code, bytes, 0x1000);
    REQUIRE(operand.has_value());
    operand->target = target;
    CHECK_FALSE(encode_operand(code, *operand, bytes, 0x1000));
    CHECK(bytes == before);
  };
  far(DeltaCode::arm_thumb, "02f0a1f9", 0x1000 + 4 + (1U << 24));
  far(DeltaCode::arm_thumb, "02f0a1f9", 0x1001);
  far(DeltaCode::xtensa, "052301", 0x1000 + 4 + (1U << 19));
  far(DeltaCode::xtensa, "052301", 0x1006);
  far(DeltaCode::xtensa, "06bf07", 0x1000 + 4 + (1U << 17));
  far(DeltaCode::xtensa, "2100fc", 0x1004);
  far(DeltaCode::xtensa, "2100fc", 0x1000 - 0x40004);
  far(DeltaCode::riscv, "ef206134", 0x1000 + (1U << 20));
  far(DeltaCode::riscv, "ef206134", 0x1001);
  far(DeltaCode::riscv, "5da4", 0x1000 + (1U << 11));
}

TEST_CASE("delta: the transform of any bytes is undone by itself") {
  std::mt19937 random(1);
  for (const auto code : all_codes) {
    unsigned found = 0;
    for (unsigned round = 0; round < 200000; ++round) {
      Bytes bytes(operand_bytes);
      for (auto& b : bytes) b = static_cast<std::uint8_t>(random());
      bytes.resize(1 + random() % operand_bytes);
      const auto address = static_cast<std::uint32_t>(random());
      const auto operand = decode_operand(code, bytes, address);
      if (!operand) continue;
      ++found;
      REQUIRE(operand->length <= bytes.size());
      REQUIRE(operand->kind < operand_kinds);
      const auto before = bytes;
      REQUIRE(encode_operand(code, *operand, bytes, address));
      REQUIRE(bytes == before);
      // And moved: either untouched, or back with the way back.
      const auto to = address + (static_cast<std::uint32_t>(random()) % 0x1000 & ~3U);
      if (!encode_operand(code, *operand, bytes, to)) {
        REQUIRE(bytes == before);
        continue;
      }
      const auto moved = decode_operand(code, bytes, to);
      REQUIRE(moved.has_value());
      REQUIRE(moved->target == operand->target);
      REQUIRE(encode_operand(code, *moved, bytes, address));
      REQUIRE(bytes == before);
    }
    CHECK(found > 300);
  }
}

TEST_CASE("delta: steps between instructions stay in step with the processor") {
  CHECK(instruction_step(DeltaCode::xtensa, *from_hex("21"), 0) == 3);
  CHECK(instruction_step(DeltaCode::xtensa, *from_hex("0d"), 1) == 2);  // ret.n
  CHECK(instruction_step(DeltaCode::riscv, *from_hex("13"), 2) == 4);
  CHECK(instruction_step(DeltaCode::riscv, *from_hex("82"), 2) == 2);
  CHECK(instruction_step(DeltaCode::riscv, *from_hex("13"), 1) == 1);
  CHECK(instruction_step(DeltaCode::arm_thumb, *from_hex("00"), 0) == 1);
}
