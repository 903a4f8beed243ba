#pragma once

#include <memory>
#include <vector>

#include "aiot/result.hpp"
#include "inference/fast/buffer.hpp"
#include "inference/fast/work.hpp"
#include "inference/model/model.hpp"
#include "inference/reference/constants.hpp"

namespace aiot::inference::fast {

/// A model as a list of works, with the memory that they work in.
struct Plan {
  struct Item {
    std::size_t op = 0;  ///< the operator whose time it takes
    std::unique_ptr<Work> work;
  };
  std::vector<Item> items;
  std::unique_ptr<Homes> homes;  ///< where it stays when the plan is moved
  Buffer memory;
  std::size_t constant_bytes = 0;
};

/// Operators that `kernels` have go there, all others to the portable kernels; between the two,
/// tensors are converted once. The model and the constants outlive the plan. Errors of the
/// operators' preparation; Errc::too_large.
Result<Plan> make_plan(const Model& model, const Constants& constants, const Kernels& kernels);

}  // namespace aiot::inference::fast
