#pragma once

#include <deque>
#include <vector>

#include "inference/model/model.hpp"
#include "random.hpp"

namespace vectors {

using aiot::Bytes;
using aiot::inference::Code;
using aiot::inference::Model;
using aiot::inference::Operator;
using aiot::inference::Quantization;
using aiot::inference::Type;
using Shape = std::vector<std::int32_t>;

std::size_t elements(const Shape& shape);

/// A model of one operator.
class OneOperator {
 public:
  OneOperator(Random& random, Code code) : random_(random) { op_.code = code; }

  Random& random() { return random_; }

  /// A zero point that is often at an end.
  std::int32_t zero_point();
  Quantization quantization(float least_scale, float most_scale);
  /// Values all over the type, many at its ends.
  Bytes values(Type type, std::size_t count);

  /// Each becomes the operator's next input.
  void input(Type type, Shape shape, Quantization q);
  void constant(Type type, Shape shape, Quantization q, Bytes data);
  void constant_integers(const std::vector<std::int32_t>& values);
  /// An input of the model that the operator does not read: a model has one.
  void unread() { model_.inputs.push_back(add(Type::int32, {1}, {})); }
  /// What the operator keeps from one run to the next.
  void state(Type type, Shape shape, Quantization q);
  /// An optional input that is not there.
  void left_out() { op_.inputs.push_back(-1); }
  /// The first input once more.
  void again() { op_.inputs.push_back(op_.inputs.front()); }
  void output(Type type, Shape shape, Quantization q);

  template <class Options>
  Bytes file(const Options& options) {
    op_.options = options;
    return write();
  }

 private:
  std::int32_t add(Type type, Shape shape, Quantization q);
  Bytes write();

  Random& random_;
  Model model_;
  Operator op_;
  std::deque<Bytes> constants_;
};

}  // namespace vectors
