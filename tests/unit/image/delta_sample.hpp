#pragma once

#include <random>
#include <utility>

#include "image/delta_code.hpp"

namespace aiot::test {

inline Bytes random_bytes(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  Bytes out(count);
  for (auto& b : out) b = static_cast<std::uint8_t>(random());
  return out;
}

/// Two versions of a program of `count` bytes: a call every 24 to 48 bytes to one of its functions,
/// and in the second 8 bytes put in at 24 places.
inline std::pair<Bytes, Bytes> moved_code(image::DeltaCode code, std::size_t count) {
  using image::DeltaCode;
  const auto call = *from_hex(code == DeltaCode::arm_thumb ? "02f0a1f9"
                              : code == DeltaCode::xtensa  ? "052301200000"
                              : code == DeltaCode::riscv   ? "ef206134"
                                                           : "e8513412000000");
  auto source = random_bytes(count, 7);
  // No instructions that name addresses, and all of two bytes or one.
  for (auto& b : source) b = static_cast<std::uint8_t>((b & 0x33) << 2 | 0x02);
  if (code == DeltaCode::xtensa)
    for (auto& b : source) b = static_cast<std::uint8_t>((b & 0xF0) | 0x0D);
  std::mt19937 random(9);
  const auto size = static_cast<std::uint32_t>(count);
  constexpr std::uint32_t more = 8, cuts = 24;
  const auto place = [&](std::uint32_t at) { return at + at / (size / cuts) * more; };
  Bytes result(place(size - 1) + 1);
  for (auto& b : result) b = static_cast<std::uint8_t>(random());
  for (std::uint32_t at = 0; at < size; ++at) result[place(at)] = source[at];
  for (std::uint32_t at = 0; at + 48 <= size;
       at += 24 + static_cast<std::uint32_t>(random() % 7) * 4) {
    const auto target = static_cast<std::uint32_t>(random() % (size / 4)) * 4;
    const auto put = [&](Bytes& into, std::uint32_t here, std::uint32_t there) {
      auto bytes = call;
      auto operand = *image::decode_operand(code, bytes, here);
      operand.target = there;
      (void)image::encode_operand(code, operand, bytes, here);
      // With a NOP of three bytes behind a call of three.
      std::copy_n(bytes.begin(), code == DeltaCode::xtensa ? 6 : operand.length,
                  into.begin() + here);
    };
    put(source, at, target);
    if (place(at + 6) - place(at) == 6) put(result, place(at), place(target));
  }
  return {source, result};
}

}  // namespace aiot::test
