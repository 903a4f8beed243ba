#pragma once

#include <string>

#include "aiot/result.hpp"
#include "inference/model/model.hpp"

namespace aiot::inference {

/// Largest file, and most tensors, operators and values of one tensor that read_model() takes:
/// far beyond any device's, so that a damaged length is refused before memory is asked for.
constexpr std::size_t most_file_bytes = 256U << 20;
constexpr std::size_t most_tensors = 65'536;
constexpr std::size_t most_operators = 65'536;
constexpr std::size_t most_tensor_bytes = 256U << 20;

/// Decodes a .tflite file; every offset, vector and index is checked. Errc::not_a_model, truncated,
/// bad_model, too_large, unsupported_operator (named with its place in the graph).
Result<Model> read_model(Bytes file);

/// The same for a file on the disk. Errc::unreadable too (also for pipes, devices and folders).
Result<Model> read_model_file(const std::string& path);

/// The model as a .tflite file that read_model() and TensorFlow Lite take. Tensors' data may lie
/// anywhere; Model::file and Model::variables are not looked at. `initial` is the subgraph that
/// CALL_ONCE names. Nothing is checked: tests write damaged models with it.
Bytes write_model(const Model& model, const Model* initial = nullptr);

}  // namespace aiot::inference
