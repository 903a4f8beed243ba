#pragma once

#include "inference/fast/x86_256.hpp"

/// What the instruction sets with uint8 elements share.
namespace aiot::inference::fast {
namespace {

/// uint8 elements: vpdpbusd sums four products into each lane.
struct RaisedBytes {
  using Element = std::uint8_t;
  using Weight = std::int8_t;
  using TapWeight = std::int8_t;
  static constexpr int group = 4;
  static constexpr int taps = 4;

  /// A group of elements.
  static std::int32_t four(const Element* p) {
    std::int32_t elements;
    __builtin_memcpy(&elements, p, sizeof elements);
    return elements;
  }
  template <class Sum>
  static Sum as_sum(Sum x) {
    return x;
  }
};

// Conversions, which the compiler makes vectors of.

constexpr int raised_by = 128;

inline void take_raised(const std::int8_t* from, void* to, std::int32_t count,
                        std::int32_t /*zero_point*/) {
  auto* out = static_cast<std::uint8_t*>(to);
  for (int i = 0; i < count; ++i) out[i] = static_cast<std::uint8_t>(from[i] + raised_by);
}

inline void give_raised(const void* from, std::int8_t* to, std::int32_t count,
                        std::int32_t /*zero_point*/) {
  const auto* in = static_cast<const std::uint8_t*>(from);
  for (int i = 0; i < count; ++i) to[i] = static_cast<std::int8_t>(in[i] - raised_by);
}

}  // namespace
}  // namespace aiot::inference::fast
