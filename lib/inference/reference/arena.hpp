#pragma once

#include <cstddef>
#include <vector>

#include "aiot/result.hpp"
#include "inference/model/model.hpp"

namespace aiot::inference {

/// Where each computed tensor lies in one block of memory, such that those that are alive at the
/// same time are apart: the largest are placed first, each in the lowest gap (as TensorFlow Lite
/// Micro's planner does it).
struct Arena {
  static constexpr std::size_t none = static_cast<std::size_t>(-1);
  std::vector<std::size_t> offsets;  ///< by tensor; `none` for constants and what nobody makes
  std::size_t bytes = 0;
};

/// Offsets are multiples of `alignment` (a power of two). Inputs of the model live all the time,
/// its outputs from when they are made to the end. Errc::too_large beyond 1 GiB.
Result<Arena> plan_arena(const Model& model, std::size_t alignment);

}  // namespace aiot::inference
