#pragma once

#include <memory>

#include "inference/tiny/task.hpp"
#include "protocol/energyrunner/device/virtual_device.hpp"

namespace aiot::sim::bench {

/// A model on the reference engine, as a device under test has one.
class ModelNetwork final : public energyrunner::Network {
 public:
  /// The engine has one input at least, and one output.
  ModelNetwork(std::unique_ptr<inference::Engine> engine, const inference::tiny::Task& task);

  std::size_t input_bytes() const override;
  energyrunner::Board::Loaded load(std::span<const std::uint8_t> bytes, int slip) override;
  void run() override;
  std::vector<float> results() const override;
  float step() const override;

 private:
  std::unique_ptr<inference::Engine> engine_;
  const inference::tiny::Task& task_;
  std::vector<std::uint8_t> upload_;
};

/// What a model and its engine are read and made from: a .tflite file, or a built-in's name.
Result<std::shared_ptr<const inference::Model>> find_model(const std::string& name);

}  // namespace aiot::sim::bench
