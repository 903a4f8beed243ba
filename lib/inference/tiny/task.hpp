#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "inference/engine.hpp"
#include "inference/tiny/form.hpp"

/// The rules of MLPerf Tiny's benchmarks for a model: its input of bytes that a host uploads, and
/// the numbers that it prints (benchmark/reference_submissions of mlcommons/tiny, th_load_tensor
/// and th_results; the limits: benchmark/MLPerfTiny_Rules.adoc and tools/submission).
namespace aiot::inference::tiny {

/// The measure of a model's quality.
enum class Metric : std::uint8_t { none, top1, auc };

struct Task {
  std::string_view id;          ///< "ic01", what a device calls its model
  std::string_view short_name;  ///< "ic", the submission's folder
  std::string_view name;        ///< "image classification"
  Input input = Input::stored;
  bool reconstruction = false;  ///< one result: the mean square of output less input
  Metric metric = Metric::none;
  double target = 0;           ///< the least that a closed submission has: 0.85 for 85 %
  std::uint32_t elements = 0;  ///< of the reference model's input; 0: not known here
  std::uint32_t files = 0;     ///< of the accuracy set
};

std::span<const Task> tasks();
/// The task of that id, nullptr for none.
const Task* find_task(std::string_view id);
/// The task that a model of this input is for, nullptr for none.
const Task* task_for(const TensorInfo& input);
/// For a model of one's own: bytes as the model stores them, results as numbers, no limit.
const Task& any_task();

/// How many bytes an upload has.
std::size_t upload_bytes(const Task& task, const TensorInfo& input);
/// The values of the input, quantised where the task requires it: `upload` has upload_bytes().
void fill_input(const Task& task, const TensorInfo& input, std::span<const std::uint8_t> upload,
                std::span<std::uint8_t> values);
/// What a device prints: the outputs' real values, or one mean square.
std::vector<float> results_of(const Task& task, const Engine& engine,
                              std::span<const std::uint8_t> upload);
/// How many elements an input of so many bytes has, as a device counts them.
std::size_t elements_of(const Task& task, const TensorInfo& input, std::size_t bytes);

/// Uploads to try a model with when there are no files: the same for a seed on every machine.
/// Floats lie where the input's quantisation can hold them.
std::vector<std::uint8_t> random_upload(const Task& task, const TensorInfo& input,
                                        std::uint64_t seed);

}  // namespace aiot::inference::tiny
