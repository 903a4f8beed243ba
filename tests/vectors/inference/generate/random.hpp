#pragma once

#include <cmath>
#include <cstdint>
#include <initializer_list>

#include "aiot/bytes.hpp"

namespace vectors {

/// The same numbers on every machine (xorshift64*, Vigna 2016).
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15 + 1) {}

  std::uint64_t bits() {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return state_ * 0x2545f4914f6cdd1d;
  }
  /// least to most, both included.
  std::int32_t between(std::int32_t least, std::int32_t most) {
    const auto span = static_cast<std::uint64_t>(most - least) + 1;
    return least + static_cast<std::int32_t>((bits() >> 33) % span);
  }
  bool chance(int percent) { return between(1, 100) <= percent; }
  std::int32_t one_of(std::initializer_list<std::int32_t> values) {
    return values.begin()[between(0, static_cast<std::int32_t>(values.size()) - 1)];
  }
  /// 0 to 1.
  float real() { return static_cast<float>(bits() >> 40) * 0x1p-24F; }
  /// Evenly over the powers between them.
  float scale(float least, float most) { return least * std::pow(most / least, real()); }

 private:
  std::uint64_t state_;
};

}  // namespace vectors
