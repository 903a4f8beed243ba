#include "one_operator.hpp"

#include <bit>

#include "inference/model/file.hpp"

namespace vectors {

std::size_t elements(const Shape& shape) {
  std::size_t product = 1;
  for (const auto extent : shape) product *= static_cast<std::size_t>(extent);
  return product;
}

std::int32_t OneOperator::zero_point() {
  return random_.chance(40) ? random_.one_of({-128, 127, 0, -1, 1}) : random_.between(-128, 127);
}

Quantization OneOperator::quantization(float least_scale, float most_scale) {
  return {{random_.scale(least_scale, most_scale)}, {zero_point()}, 0};
}

Bytes OneOperator::values(Type type, std::size_t count) {
  Bytes bytes;
  const bool extreme = random_.chance(15);
  for (std::size_t i = 0; i < count; ++i) {
    switch (type) {
      case Type::float32: {
        const float value = (random_.real() - 0.5F) * (extreme ? 200.0F : 8.0F);
        aiot::append_le32(bytes, std::bit_cast<std::uint32_t>(value));
        break;
      }
      case Type::int32:
        aiot::append_le32(bytes, static_cast<std::uint32_t>(random_.between(-20'000, 20'000)));
        break;
      case Type::int64:
        aiot::append_le32(bytes,
                          static_cast<std::uint32_t>(random_.between(-2'000'000, 2'000'000)));
        aiot::append_le32(bytes, (bytes.back() & 0x80) != 0 ? 0xffffffffU : 0);
        break;
      case Type::boolean: bytes.push_back(static_cast<std::uint8_t>(random_.chance(50))); break;
      case Type::int16: {
        auto value = static_cast<std::uint16_t>(random_.bits() >> 48);
        if (extreme || random_.chance(5)) value = random_.chance(50) ? 0x8000 : 0x7fff;
        bytes.push_back(static_cast<std::uint8_t>(value));
        bytes.push_back(static_cast<std::uint8_t>(value >> 8));
        break;
      }
      default: {
        auto value = static_cast<std::uint8_t>(random_.bits() >> 56);
        if (extreme || random_.chance(5)) value = random_.chance(50) ? 0x80 : 0x7f;
        bytes.push_back(value);
      }
    }
  }
  return bytes;
}

std::int32_t OneOperator::add(Type type, Shape shape, Quantization q) {
  aiot::inference::Tensor tensor;
  tensor.type = type;
  tensor.shape = std::move(shape);
  if (type == Type::int8 || type == Type::uint8 || (type == Type::int32 && !q.scales.empty())) {
    tensor.quantization = std::move(q);
  }
  if ((type == Type::int16 || type == Type::int64) && !q.scales.empty()) {
    tensor.quantization = std::move(q);
    tensor.quantization.zero_points.assign(tensor.quantization.scales.size(), 0);
  }
  model_.tensors.push_back(std::move(tensor));
  return static_cast<std::int32_t>(model_.tensors.size() - 1);
}

void OneOperator::input(Type type, Shape shape, Quantization q) {
  const auto index = add(type, std::move(shape), std::move(q));
  op_.inputs.push_back(index);
  model_.inputs.push_back(index);
}

void OneOperator::constant(Type type, Shape shape, Quantization q, Bytes data) {
  const auto index = add(type, std::move(shape), std::move(q));
  model_.tensors.back().data = constants_.emplace_back(std::move(data));
  op_.inputs.push_back(index);
}

void OneOperator::constant_integers(const std::vector<std::int32_t>& values) {
  Bytes data;
  for (const auto value : values) aiot::append_le32(data, static_cast<std::uint32_t>(value));
  constant(Type::int32, {static_cast<std::int32_t>(values.size())}, {}, std::move(data));
}

void OneOperator::state(Type type, Shape shape, Quantization q) {
  op_.inputs.push_back(add(type, std::move(shape), std::move(q)));
  model_.tensors.back().variable = 0;
}

void OneOperator::output(Type type, Shape shape, Quantization q) {
  const auto index = add(type, std::move(shape), std::move(q));
  op_.outputs.push_back(index);
  model_.outputs.push_back(index);
}

Bytes OneOperator::write() {
  model_.operators = {op_};
  return aiot::inference::write_model(model_);
}

}  // namespace vectors
