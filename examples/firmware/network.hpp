#pragma once

#include <cstdint>
#include <span>
#include <string_view>

/// The neural network of this firmware: export-model writes its source from a .tflite file.
namespace network {

/// How real values are stored: real = scale * (stored - zero_point).
struct Quantization {
  float scale;
  std::int32_t zero_point;
};

/// MLPerf Tiny's short name: "kws01".
extern const std::string_view name;
extern const Quantization input_quantization, output_quantization;

/// Where the input goes; it is gone after run().
std::span<std::int8_t> input();
/// What run() left.
std::span<const std::int8_t> output();
void run();

}  // namespace network
