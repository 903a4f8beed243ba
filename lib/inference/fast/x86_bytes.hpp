#pragma once

#include "inference/fast/tasks.hpp"

/// What the instruction sets with uint8 elements share: conversions, which the compiler makes
/// vectors of.
namespace aiot::inference::fast {
namespace {

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
