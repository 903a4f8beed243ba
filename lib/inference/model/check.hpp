#pragma once

#include "aiot/result.hpp"
#include "inference/model/model.hpp"

namespace aiot::inference {

/// What the structs alone do not promise: every index is in range, every operator's inputs are
/// there when it runs, nothing is made twice. Errc::bad_model, naming the operator and the tensor.
Result<void> check_graph(const Model& model);

/// A tensor's shape, quantisation and constant data belong together. Errc::bad_model, too_large.
Result<void> check_tensor(const Tensor& tensor);

}  // namespace aiot::inference
