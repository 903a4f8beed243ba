#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

#include "protocol/energyrunner/device/firmware.hpp"

namespace aiot::energyrunner {

/// What a virtual device infers with: a model behind an input of bytes and an output of numbers.
class Network {
 public:
  virtual ~Network() = default;
  /// The bytes of an upload.
  virtual std::size_t input_bytes() const = 0;
  /// Makes the model's input of an upload, each value `slip` steps higher than it should be.
  virtual Board::Loaded load(std::span<const std::uint8_t> bytes, int slip) = 0;
  /// Computes the results of what was loaded.
  virtual void run() = 0;
  /// As the firmware prints them.
  virtual std::vector<float> results() const = 0;
  /// The smallest difference that two results can have, 0 when there is none.
  virtual float step() const = 0;
};

}  // namespace aiot::energyrunner
