#include "inference/tiny/form.hpp"

#include <cmath>
#include <cstring>

namespace aiot::inference::tiny {
namespace {

/// Half away from zero, as round() in the reference's QuantizeFloatToInt8.
std::int8_t quantised(float value, const Scaling& q) {
  const float scaled = std::round(value / q.scale) + static_cast<float>(q.zero_point);
  // NaN compares false: it becomes the least.
  if (!(scaled > -128.0F)) return -128;
  return scaled >= 127.0F ? std::int8_t{127} : static_cast<std::int8_t>(scaled);
}

}  // namespace

float float_at(std::span<const std::uint8_t> upload, std::size_t index) {
  float value = 0;
  std::memcpy(&value, upload.data() + 4 * index, 4);
  return value;
}

void take_int8(Input form, const Scaling& scaling, std::span<const std::uint8_t> upload,
               std::span<std::int8_t> values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    switch (form) {
      case Input::stored: values[i] = static_cast<std::int8_t>(upload[i]); break;
      case Input::unsigned_bytes: values[i] = static_cast<std::int8_t>(upload[i] - 128); break;
      case Input::floats: values[i] = quantised(float_at(upload, i), scaling); break;
    }
  }
}

}  // namespace aiot::inference::tiny
