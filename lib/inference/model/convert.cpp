#include "inference/model/convert.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <map>

#include "inference/error.hpp"

namespace aiot::inference {

float real_of_half(std::uint16_t half) {
  const std::uint32_t sign = (half & 0x8000U) << 16;
  const std::uint32_t exponent = (half >> 10) & 0x1fU;
  const std::uint32_t fraction = half & 0x3ffU;
  if (exponent == 0) {  // 0, or below the smallest normal half: steps of 2^-24
    const float value = static_cast<float>(fraction) * 0x1p-24F;
    return sign != 0 ? -value : value;
  }
  const std::uint32_t wide = exponent == 31 ? 255 : exponent + 127 - 15;
  return std::bit_cast<float>(sign | wide << 23 | fraction << 13);
}

namespace {

class Converter {
 public:
  Converter(Model& model, std::size_t file_bytes) : model_(model), left_bytes_(4 * file_bytes) {}

  Result<void> convert() {
    AIOT_CHECK(unpack_halves());
    return shift_bytes();
  }

 private:
  Tensor& tensor(std::int32_t index) { return model_.tensors[static_cast<std::size_t>(index)]; }

  std::string where(std::size_t op) const {
    return fmt::format("operator {} ({})", op, name_of(model_.operators[op].code));
  }

  Result<void> set_constant(Tensor& tensor, Bytes bytes) {
    if (bytes.size() > left_bytes_) {
      return make_error(Errc::too_large, "constants that many operators unpack",
                        "convert the model again");
    }
    left_bytes_ -= bytes.size();
    tensor.data = model_.made.emplace_back(std::move(bytes));
    return {};
  }

  Result<void> unpack_halves() {
    std::vector<bool> done(model_.operators.size());
    for (std::size_t i = 0; i < model_.operators.size(); ++i) {
      const auto& op = model_.operators[i];
      if (op.code != Code::dequantize || op.inputs.size() != 1 || op.outputs.size() != 1) continue;
      if (op.inputs[0] < 0) continue;
      const auto& from = tensor(op.inputs[0]);
      auto& to = tensor(op.outputs[0]);
      const bool is_output = std::ranges::count(model_.outputs, op.outputs[0]) != 0;
      if (from.type != Type::float16 || !from.is_constant() || to.type != Type::float32 ||
          from.elements() != to.elements() || is_output) {
        continue;
      }
      Bytes bytes;
      bytes.reserve(from.elements() * sizeof(float));
      for (std::size_t at = 0; at < from.data.size(); at += 2) {
        const auto half = static_cast<std::uint16_t>(from.data[at] | from.data[at + 1] << 8);
        append_le32(bytes, std::bit_cast<std::uint32_t>(real_of_half(half)));
      }
      AIOT_CHECK(set_constant(to, std::move(bytes)).with(where(i)));
      done[i] = true;
    }
    std::vector<Operator> rest;
    for (std::size_t i = 0; i < done.size(); ++i) {
      if (!done[i]) rest.push_back(std::move(model_.operators[i]));
    }
    model_.operators = std::move(rest);
    return {};
  }

  static bool is_byte(const Tensor& tensor) {
    return tensor.type == Type::uint8 && !tensor.quantization.scales.empty();
  }

  bool touches_bytes(const Operator& op) {
    const auto is = [&](std::int32_t index) { return index >= 0 && is_byte(tensor(index)); };
    return std::ranges::any_of(op.inputs, is) || std::ranges::any_of(op.outputs, is);
  }

  /// What takes uint8 as it is.
  static bool moves(Code code) {
    switch (code) {
      case Code::quantize:
      case Code::dequantize:
      case Code::reshape:
      case Code::squeeze:
      case Code::expand_dims:
      case Code::transpose:
      case Code::strided_slice:
      case Code::slice:
      case Code::pad:
      case Code::padv2:
      case Code::mirror_pad:
      case Code::concatenation:
      case Code::pack:
      case Code::unpack:
      case Code::split:
      case Code::split_v:
      case Code::gather:
      case Code::gather_nd:
      case Code::space_to_depth:
      case Code::depth_to_space:
      case Code::space_to_batch_nd:
      case Code::batch_to_space_nd:
      case Code::broadcast_to:
      case Code::reverse_v2:
      case Code::select_v2:
      case Code::dynamic_update_slice:
      case Code::shape: return true;
      default: return false;
    }
  }

  /// What computes the same of int8 and of uint8, but for the 128.
  static bool is_exact(Code code) {
    switch (code) {
      case Code::conv_2d:
      case Code::depthwise_conv_2d:
      case Code::fully_connected:
      case Code::average_pool_2d:
      case Code::max_pool_2d:
      case Code::add:
      case Code::mul:
      case Code::softmax:
      case Code::logistic:
      case Code::tanh:
      case Code::resize_nearest_neighbor:
      case Code::maximum:
      case Code::minimum:
      case Code::arg_max:
      case Code::arg_min: return true;
      default: return moves(code);
    }
  }

  Result<void> shift_bytes() {
    bool needed = false;
    for (const auto& op : model_.operators) {
      needed = needed || (touches_bytes(op) && !moves(op.code));
    }
    if (!needed) return {};
    for (std::size_t i = 0; i < model_.operators.size(); ++i) {
      const auto& op = model_.operators[i];
      if (!touches_bytes(op) || is_exact(op.code)) continue;
      return make_error(Errc::unsupported_option,
                        where(i) + ": of UINT8, where its results are not those of INT8",
                        "convert the model again, with int8 tensors");
    }
    const auto shifted = static_cast<std::int32_t>(model_.tensors.size());
    for (std::int32_t i = 0; i < shifted; ++i) {
      if (!is_byte(tensor(i))) continue;
      AIOT_CHECK(shift(tensor(i)));
    }
    std::vector<Operator> first;
    for (auto& input : model_.inputs) {
      if (tensor(input).was_uint8) first.push_back(between(input, true));
    }
    model_.operators.insert(model_.operators.begin(), first.begin(), first.end());
    std::map<std::int32_t, std::int32_t> outer;
    for (auto& output : model_.outputs) {
      if (!tensor(output).was_uint8) continue;
      const auto inner = output;
      if (!outer.contains(inner)) {
        model_.operators.push_back(between(output, false));
        outer[inner] = output;
      }
      output = outer[inner];
    }
    return {};
  }

  Result<void> shift(Tensor& tensor) {
    tensor.type = Type::int8;
    tensor.was_uint8 = true;
    for (auto& zero_point : tensor.quantization.zero_points) zero_point -= 128;
    if (!tensor.is_constant()) return {};
    Bytes bytes(tensor.data.begin(), tensor.data.end());
    for (auto& byte : bytes) byte ^= 0x80;
    return set_constant(tensor, std::move(bytes));
  }

  /// A uint8 tensor for `index`, which it replaces, and the QUANTIZE between the two.
  Operator between(std::int32_t& index, bool is_input) {
    auto outer = tensor(index);
    outer.type = Type::uint8;
    outer.was_uint8 = false;
    outer.data = {};
    for (auto& zero_point : outer.quantization.zero_points) zero_point += 128;
    const auto place = static_cast<std::int32_t>(model_.tensors.size());
    model_.tensors.push_back(std::move(outer));
    Operator op;
    op.code = Code::quantize;
    op.inputs = {is_input ? place : index};
    op.outputs = {is_input ? index : place};
    index = place;
    return op;
  }

  Model& model_;
  std::size_t left_bytes_;  ///< for constants that are made
};

}  // namespace

Result<void> convert_types(Model& model, std::size_t file_bytes) {
  return Converter(model, file_bytes).convert();
}

}  // namespace aiot::inference
