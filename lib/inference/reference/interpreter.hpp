#pragma once

#include <memory>

#include "inference/engine.hpp"

namespace aiot::inference {

/// The graph run operator by operator on the scalar kernels: the oracle of every faster way, and
/// what runs where there is none. The errors of make_reference_engine().
Result<std::unique_ptr<Engine>> make_interpreter(std::shared_ptr<const Model> model);

/// What an engine tells of its inputs, outputs and operators, from the model alone.
TensorInfo info_of(const Tensor& tensor);
std::vector<TensorInfo> infos_of(const Model& model, const std::vector<std::int32_t>& tensors);
std::vector<OperatorInfo> operators_of(const Model& model);

}  // namespace aiot::inference
