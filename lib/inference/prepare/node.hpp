#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

#include "aiot/result.hpp"
#include "inference/error.hpp"
#include "inference/model/model.hpp"

namespace aiot::inference {

/// An operator of a graph with its tensors: what prepare/ reads. The model outlives it.
class Node {
 public:
  Node(const Model& model, std::size_t index) : model_(&model), index_(index) {}

  const Model& model() const { return *model_; }
  const Operator& op() const { return model_->operators[index_]; }
  std::size_t index() const { return index_; }
  /// The operator's options, of the kind that its code has.
  template <class T>
  const T& options() const {
    return std::get<T>(op().options);
  }

  /// "operator 3 (CONV_2D)"
  std::string where() const;
  /// An error that begins with where().
  Error fail(Errc code, std::string_view what, std::string_view hint = {}) const;

  /// How many there are; the last may be -1, which is "left out".
  std::size_t inputs() const { return op().inputs.size(); }
  std::size_t outputs() const { return op().outputs.size(); }
  /// Errc::bad_model when there is no such input or output.
  Result<const Tensor*> input(std::size_t position) const;
  Result<const Tensor*> output(std::size_t position = 0) const;
  /// nullptr when it is left out.
  const Tensor* optional_input(std::size_t position) const;
  /// Index of the tensor in the model; -1 when it is left out.
  std::int32_t input_index(std::size_t position) const;
  std::int32_t output_index(std::size_t position = 0) const;

  /// Errc::bad_model unless there are `least` to `most` inputs and `outputs` outputs.
  Result<void> expect(std::size_t least, std::size_t most, std::size_t outputs = 1) const;
  /// "input 1 (sequential/conv2d/Bias)": for messages.
  std::string input_name(std::size_t position) const;
  std::string output_name(std::size_t position = 0) const;

 private:
  const Model* model_;
  std::size_t index_;
};

/// "1x49x10x1"; "scalar" without dimensions.
std::string shape_text(const std::vector<std::int32_t>& shape);

}  // namespace aiot::inference
