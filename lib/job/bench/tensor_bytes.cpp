#include "job/bench/tensor_bytes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>

#include "job/bench/error.hpp"
#include "job/bench/subject.hpp"

namespace aiot::bench {
namespace {

using inference::TensorInfo;
using inference::Type;

enum class Form { copy, pixels, quantise };

/// An int8 input whose reals begin at 0 for -128, one step a pixel value or 1/255 of it: images.
/// MLPerf Tiny's reference firmware takes 128 off the pixels of these (ic01, vww01), and copies
/// what goes into other inputs (kws01).
bool takes_pixels(const TensorInfo& input) {
  if (input.type != Type::int8 || input.zero_point != -128) return false;
  const auto near = [&](float scale) { return std::abs(input.scale / scale - 1) < 0.01F; };
  return near(1.0F) || near(1.0F / 255);
}

std::optional<Form> form_of(const TensorInfo& input, std::size_t bytes, DataType type) {
  const std::size_t values = input.bytes / std::max<std::size_t>(size_of(input.type), 1);
  const bool bytewise = input.type == Type::int8 || input.type == Type::uint8;
  const bool reals = bytes == values * sizeof(float);
  if (input.type == Type::float32) {
    const bool fits = reals && (type == DataType::automatic || type == DataType::float32);
    return fits ? std::optional(Form::copy) : std::nullopt;
  }
  if (!bytewise) return std::nullopt;
  if (type == DataType::float32 || (type == DataType::automatic && reals && bytes != values)) {
    return reals && input.scale > 0 ? std::optional(Form::quantise) : std::nullopt;
  }
  if (bytes != input.bytes) return std::nullopt;
  const bool pixels =
      type == DataType::uint8 || (type == DataType::automatic && takes_pixels(input));
  return pixels && input.type == Type::int8 ? Form::pixels : Form::copy;
}

void quantise(std::span<std::uint8_t> target, const TensorInfo& input, ByteSpan bytes) {
  const bool is_signed = input.type == Type::int8;
  const float least = is_signed ? -128.0F : 0.0F;
  const float most = is_signed ? 127.0F : 255.0F;
  for (std::size_t i = 0; i < target.size(); ++i) {
    float real = 0;
    std::memcpy(&real, &bytes[i * sizeof real], sizeof real);
    const float step = std::round(real / input.scale) + static_cast<float>(input.zero_point);
    // A NaN compares false with everything: it becomes the least.
    const float kept = step >= most ? most : step > least ? step : least;
    target[i] = static_cast<std::uint8_t>(static_cast<int>(kept));
  }
}

}  // namespace

std::string input_form(const TensorInfo& input, std::size_t bytes, DataType type) {
  const auto form = form_of(input, bytes, type);
  if (!form) return "";
  if (*form == Form::pixels) return "uint8, less 128";
  if (*form == Form::quantise) return "float32, quantised";
  return input.type == Type::float32 ? "float32" : input.type == Type::int8 ? "int8" : "uint8";
}

Result<void> fill_input(std::span<std::uint8_t> target, const TensorInfo& input, ByteSpan bytes,
                        DataType type) {
  const auto form = form_of(input, bytes.size(), type);
  if (!form) {
    return make_error(Errc::data_form,
                      fmt::format("{} bytes for the input {} of {}", bytes.size(),
                                  shape_text(input.shape), name_of(input.type)),
                      fmt::format("it takes {} bytes of its own type, or as many float32 values as "
                                  "it has",
                                  input.bytes));
  }
  switch (*form) {
    case Form::copy: std::copy(bytes.begin(), bytes.end(), target.begin()); break;
    case Form::pixels:
      std::transform(bytes.begin(), bytes.end(), target.begin(),
                     [](std::uint8_t pixel) { return static_cast<std::uint8_t>(pixel - 128); });
      break;
    case Form::quantise: quantise(target, input, bytes); break;
  }
  return {};
}

std::vector<float> real_values(const TensorInfo& tensor, ByteSpan bytes) {
  const std::size_t size = size_of(tensor.type);
  std::vector<float> reals;
  if (size == 0) return reals;
  const float scale = tensor.scale > 0 ? tensor.scale : 1;
  const auto real = [&](auto stored) {
    return scale * static_cast<float>(static_cast<std::int64_t>(stored) - tensor.zero_point);
  };
  for (std::size_t at = 0; at + size <= bytes.size(); at += size) {
    const std::uint8_t* p = &bytes[at];
    switch (tensor.type) {
      case Type::float32: {
        float value = 0;
        std::memcpy(&value, p, sizeof value);
        reals.push_back(value);
        break;
      }
      case Type::int8: reals.push_back(real(static_cast<std::int8_t>(*p))); break;
      case Type::uint8: reals.push_back(real(*p)); break;
      case Type::int16: reals.push_back(real(static_cast<std::int16_t>(load_le16(p)))); break;
      case Type::int32: reals.push_back(real(static_cast<std::int32_t>(load_le32(p)))); break;
      default: return {};
    }
  }
  return reals;
}

}  // namespace aiot::bench
