#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "inference/tiny/form.hpp"

/// The neural network of this firmware: export-model writes its source from a .tflite file.
namespace network {

/// MLPerf Tiny's short name: "kws01".
extern const std::string_view name;
/// How its task takes an upload, and whether it prints one score: how far the output is from the
/// input that it should repeat.
extern const aiot::inference::tiny::Input input_form;
extern const bool reconstruction;
extern const aiot::inference::tiny::Scaling input_scaling, output_scaling;

/// Where the input goes; it is gone after run().
std::span<std::int8_t> input();
/// What run() left.
std::span<const std::int8_t> output();
void run();

}  // namespace network
