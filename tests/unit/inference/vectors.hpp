#pragma once

#include <string>
#include <vector>

#include "aiot/bytes.hpp"

/// What TensorFlow Lite Micro's reference kernels computed (tests/vectors/inference/README.md).
namespace aiot::test {

/// A model of one operator, what went in and what came out.
struct Vector {
  Bytes model;
  std::vector<Bytes> inputs, outputs;
};

/// Names of the files, without ".bin", in their order.
std::vector<std::string> vector_names();

/// All of one file. How many inputs and outputs there are, the model says: each case is read by
/// read_model() first. An empty list when the file is damaged.
std::vector<Vector> vectors_of(const std::string& name);

}  // namespace aiot::test
