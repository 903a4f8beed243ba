#pragma once

#include "inference/model/model.hpp"

namespace aiot::inference {

/// The model as a .tflite file that read_model() and TensorFlow Lite take. Tensors' data may lie
/// anywhere; Model::file is not looked at. Nothing is checked: tests write damaged models with it.
Bytes write_model(const Model& model);

}  // namespace aiot::inference
