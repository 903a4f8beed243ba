#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "inference/prepare/prepare.hpp"

namespace aiot::inference {
namespace {

// The operator's inputs, by the schema's order.
constexpr std::size_t all_inputs = 24;
constexpr std::size_t first_input_weights = 1;
constexpr std::size_t first_recurrent_weights = 5;
constexpr std::size_t first_bias = 12;
constexpr std::size_t hidden_input = 18;
constexpr std::size_t cell_input = 19;
/// Peepholes, projection and normalised layers, which the reference does not have either.
constexpr std::size_t left_out[] = {9, 10, 11, 16, 17, 20, 21, 22, 23};

Result<std::size_t> state_of(const Node& node, std::size_t position, Type type,
                             std::size_t elements) {
  AIOT_TRY(const auto* state, node.input(position));
  const auto name = node.input_name(position);
  AIOT_CHECK(expect_type(node, *state, type, name));
  if (state->variable < 0) return node.fail(Errc::bad_model, name + " is no variable");
  if (state->elements() != elements) {
    return node.fail(Errc::bad_model, fmt::format("{} is {}", name, shape_text(state->shape)));
  }
  return static_cast<std::size_t>(state->variable);
}

/// The weights or biases of the four gates from input `first` on.
Result<std::array<std::int32_t, 4>> four(const Node& node, std::size_t first, Type type,
                                         const std::vector<std::int32_t>& shape) {
  std::array<std::int32_t, 4> indices{};
  for (std::size_t gate = 0; gate < indices.size(); ++gate) {
    const auto name = node.input_name(first + gate);
    AIOT_TRY(const auto* tensor, node.input(first + gate));
    AIOT_CHECK(expect_type(node, *tensor, type, name));
    AIOT_CHECK(expect_shape(node, *tensor, shape, name));
    indices[gate] = node.input_index(first + gate);
  }
  return indices;
}

/// From sums of products to Q3.
Result<kernel::Factor> sum_factor(const Node& node, const Tensor& values, std::size_t position,
                                  Type type) {
  AIOT_TRY(const auto* weights, node.input(position));
  const auto name = node.input_name(position);
  AIOT_CHECK(expect_one_scale(node, *weights, name));
  if (weights->zero_point() != 0) {
    return node.fail(Errc::unsupported_option,
                     fmt::format("{} has zero point {}", name, weights->zero_point()));
  }
  const float product = values.scale() * weights->scale();
  AIOT_TRY(const auto factor, checked_factor(node, static_cast<double>(product) * (1 << 12)));
  AIOT_CHECK(expect_factor_for(node, factor, type));
  return factor;
}

/// How the cell's values, whose scale is a power of two, reach the table of tanh.
Result<kernel::TableScale> cell_scale(const Node& node, const Tensor& cell) {
  const auto power = std::round(std::log2(cell.scale()));
  const auto shift = static_cast<int>(std::clamp(power, -100.0F, 100.0F)) + 12;
  constexpr int most = 14;  // keeps values within 32 bits
  if (shift < -most || shift > most) {
    return node.fail(Errc::unsupported_option, fmt::format("a cell scale of {}", cell.scale()));
  }
  return shift < 0 ? kernel::TableScale{3, -shift} : kernel::TableScale{3 << shift, 0};
}

Result<kernel::LstmQuantized> quantized_lstm(const Node& node, const Tensor& input, float clip) {
  AIOT_TRY(const auto* hidden, node.input(hidden_input));
  AIOT_TRY(const auto* cell, node.input(cell_input));
  AIOT_CHECK(expect_one_scale(node, input, node.input_name(0)));
  AIOT_CHECK(expect_one_scale(node, *hidden, node.input_name(hidden_input)));
  AIOT_CHECK(expect_one_scale(node, *cell, node.input_name(cell_input)));
  kernel::LstmQuantized q;
  for (std::size_t gate = 0; gate < 4; ++gate) {
    AIOT_TRY(q.gates[gate].input, sum_factor(node, input, first_input_weights + gate, input.type));
    AIOT_TRY(q.gates[gate].recurrent,
             sum_factor(node, *hidden, first_recurrent_weights + gate, input.type));
  }
  q.input_offset = -input.zero_point();
  q.recurrent_offset = -hidden->zero_point();
  const auto of = [](float scale) { return static_cast<double>(scale); };
  constexpr double gate_scale = 1.0 / 32'768;
  AIOT_TRY(q.forget, checked_factor(node, gate_scale * of(cell->scale()) / of(cell->scale())));
  AIOT_TRY(q.candidate, checked_factor(node, gate_scale * gate_scale / of(cell->scale())));
  AIOT_TRY(q.output, checked_factor(node, gate_scale * gate_scale / of(hidden->scale())));
  AIOT_TRY(q.cell_scale, cell_scale(node, *cell));
  if (clip > 0) {
    const double steps = std::clamp(of(clip) / of(cell->scale()), -32'768.0, 32'767.0);
    q.cell_clip = static_cast<std::int16_t>(steps);
    if (q.cell_clip == 0) {
      return node.fail(Errc::unsupported_option, fmt::format("a cell limit of {}", clip));
    }
  }
  q.output_offset = hidden->zero_point();
  if (input.type == Type::int16) {
    if (input.zero_point() != 0 || hidden->zero_point() != 0) {
      return node.fail(Errc::unsupported_option, "int16 with a zero point");
    }
    q.output_range = {-32'768, 32'767};
  }
  return q;
}

}  // namespace

Result<Lstm> prepare_lstm(const Node& node) {
  AIOT_CHECK(node.expect(all_inputs, all_inputs));
  AIOT_TRY(const auto* input, node.input(0));
  AIOT_TRY(const auto* output, node.output());
  if (input->type != Type::int16) {
    AIOT_CHECK(expect_computable(node, *input, node.input_name(0)));
  }
  AIOT_CHECK(expect_type(node, *output, input->type, node.output_name()));
  for (const auto position : left_out) {
    if (node.optional_input(position) != nullptr) {
      return node.fail(Errc::unsupported_option, node.input_name(position) + " is there");
    }
  }
  AIOT_TRY(const auto* recurrent, node.input(first_recurrent_weights));
  if (input->shape.size() != 3 || recurrent->shape.size() != 2) {
    return node.fail(Errc::bad_model,
                     fmt::format("an input of {} and weights of {}", shape_text(input->shape),
                                 shape_text(recurrent->shape)));
  }
  const auto& options = node.options<LstmOptions>();
  if (options.activation != Activation::tanh) {
    return node.fail(Errc::unsupported_option, "an activation that is not TANH");
  }
  Lstm lstm;
  auto& s = lstm.shape;
  s.time_major = options.time_major;
  s.batches = input->shape[s.time_major ? 1 : 0];
  s.steps = input->shape[s.time_major ? 0 : 1];
  s.inputs = input->shape[2];
  s.units = recurrent->shape[0];
  AIOT_CHECK(
      expect_shape(node, *output, {input->shape[0], input->shape[1], s.units}, node.output_name()));
  if (std::max(s.inputs, s.units) > most_summed) {
    return node.fail(Errc::unsupported_option,
                     fmt::format("sums of {} products", std::max(s.inputs, s.units)));
  }
  lstm.type = input->type;
  const bool real = lstm.type == Type::float32;
  const auto bias_type = lstm.type == Type::int16 ? Type::int64 : Type::int32;
  const auto weight_type = real ? Type::float32 : Type::int8;
  AIOT_TRY(lstm.input_weights, four(node, first_input_weights, weight_type, {s.units, s.inputs}));
  AIOT_TRY(lstm.recurrent_weights,
           four(node, first_recurrent_weights, weight_type, {s.units, s.units}));
  AIOT_TRY(lstm.biases, four(node, first_bias, real ? Type::float32 : bias_type, {s.units}));
  const auto states = static_cast<std::size_t>(s.batches) * static_cast<std::size_t>(s.units);
  AIOT_TRY(lstm.hidden, state_of(node, hidden_input, lstm.type, states));
  AIOT_TRY(lstm.cell, state_of(node, cell_input, real ? Type::float32 : Type::int16, states));
  lstm.cell_clip = options.cell_clip;
  lstm.input = node.input_index(0);
  lstm.output = node.output_index();
  if (!real) {
    AIOT_TRY(lstm.quantized, quantized_lstm(node, *input, options.cell_clip));
  }
  return lstm;
}

}  // namespace aiot::inference
