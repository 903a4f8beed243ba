#pragma once

#include <cstddef>
#include <vector>

#include "aiot/result.hpp"
#include "inference/model/model.hpp"

namespace aiot::inference {

/// Something in memory, from the step that makes it to the last that reads it.
struct Life {
  std::size_t index = 0;  ///< whatever the caller wants
  std::size_t bytes = 0;  ///< with what its alignment wants
  std::size_t first = 0, last = 0;
  std::size_t offset = 0;  ///< set by place()

  bool meets(const Life& other) const { return first <= other.last && other.first <= last; }
};

/// Sorts and places them, such that those that meet are apart: the largest first, each in the
/// lowest gap (as TensorFlow Lite Micro's planner does it). The bytes of all. Errc::too_large
/// beyond 1 GiB.
Result<std::size_t> place(std::vector<Life>& lives);

/// Where each computed tensor lies in one block of memory, as place() places it.
struct Arena {
  static constexpr std::size_t none = static_cast<std::size_t>(-1);
  std::vector<std::size_t> offsets;  ///< by tensor; `none` for constants and what nobody makes
  std::size_t bytes = 0;
};

/// Offsets are multiples of `alignment` (a power of two). Inputs of the model live all the time,
/// its outputs from when they are made to the end. Errc::too_large beyond 1 GiB.
Result<Arena> plan_arena(const Model& model, std::size_t alignment);

}  // namespace aiot::inference
