#pragma once

#include <memory>
#include <string>
#include <vector>

#include "inference/tiny/task.hpp"

namespace aiot::bench {

/// How an input might be quantised by mistake.
enum class InputSlip : std::uint8_t {
  none,
  signed_as_unsigned,  ///< 128 is taken off, or not, where the task has it the other way
  one_up,              ///< each value one step too high
  one_down,
  cut,  ///< floats are cut, not rounded
};
/// "each input value is one step too high"
std::string_view text_of(InputSlip slip);
std::vector<InputSlip> slips_of(const inference::tiny::Task& task);

/// The model that a device claims to run, on the reference engine.
class Reference {
 public:
  /// `model`: a .tflite file or a built-in's name. The task is the device's, by its model's id.
  static Result<std::shared_ptr<const inference::Model>> read(const std::string& model);
  static Result<std::unique_ptr<Reference>> make(std::shared_ptr<const inference::Model> model,
                                                 const inference::tiny::Task& task);
  /// On an engine that is there. Errc::bad_request for other than one input and one output.
  static Result<std::unique_ptr<Reference>> make(std::unique_ptr<inference::Engine> engine,
                                                 const inference::tiny::Task& task);

  std::size_t upload_bytes() const;
  const inference::tiny::Task& task() const { return task_; }
  const inference::TensorInfo& input() const { return engine_->inputs()[0]; }
  /// Of a result: the smallest difference that two can have; 0 for none.
  float step() const;
  /// What a device prints for this upload, before it is cut to three digits.
  Result<std::vector<float>> results(ByteSpan upload);
  /// The same with a slip in the input.
  Result<std::vector<float>> results(ByteSpan upload, InputSlip slip);

 private:
  Reference(std::unique_ptr<inference::Engine> engine, const inference::tiny::Task& task)
      : engine_(std::move(engine)), task_(task) {}
  std::unique_ptr<inference::Engine> engine_;
  const inference::tiny::Task& task_;
};

}  // namespace aiot::bench
