#pragma once

#include "inference/kernel/kernels.hpp"

/// Truth values are bytes: 0 or 1.
namespace aiot::inference::kernel {

enum class Relation : std::uint8_t { equal, not_equal, less, less_equal, greater, greater_equal };

template <class T>
bool holds(Relation relation, T x, T y) {
  switch (relation) {
    case Relation::equal: return x == y;
    case Relation::not_equal: return x != y;
    case Relation::less: return x < y;
    case Relation::less_equal: return x <= y;
    case Relation::greater: return x > y;
    case Relation::greater_equal: break;
  }
  return x >= y;
}

/// EQUAL and the other comparisons.
template <class T>
void compare(Relation relation, const Broadcast& shape, const T* a, const T* b,
             std::uint8_t* output) {
  for_each_pair(shape, a, b, output,
                [&](T x, T y) { return static_cast<std::uint8_t>(holds(relation, x, y)); });
}

/// Int8 values are compared as 256 times what they stand for, rounded.
struct CompareInt8 {
  std::int32_t offset_a = 0, offset_b = 0;  ///< minus the zero points
  Factor factor_a, factor_b;                ///< below 1
};
inline void compare(Relation relation, const Broadcast& shape, const CompareInt8& q,
                    const std::int8_t* a, const std::int8_t* b, std::uint8_t* output) {
  for_each_pair(shape, a, b, output, [&](std::int8_t x, std::int8_t y) {
    constexpr std::int32_t finer = 256;
    return static_cast<std::uint8_t>(holds(relation, multiply((x + q.offset_a) * finer, q.factor_a),
                                           multiply((y + q.offset_b) * finer, q.factor_b)));
  });
}

/// LOGICAL_OR, or LOGICAL_AND.
inline void combine(bool any, const Broadcast& shape, const std::uint8_t* a, const std::uint8_t* b,
                    std::uint8_t* output) {
  for_each_pair(shape, a, b, output, [&](std::uint8_t x, std::uint8_t y) {
    const bool result = any ? x != 0 || y != 0 : x != 0 && y != 0;
    return static_cast<std::uint8_t>(result);
  });
}

}  // namespace aiot::inference::kernel
