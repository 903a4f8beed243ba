#pragma once

#include <memory>
#include <string>
#include <vector>

#include "aiot/bytes.hpp"
#include "aiot/result.hpp"
#include "inference/engine.hpp"

namespace aiot::bench {

/// Something that runs a model, to be measured beside others.
class Runner {
 public:
  virtual ~Runner() = default;
  /// Microseconds of each of so many runs.
  virtual std::vector<double> run(unsigned times) = 0;
  /// The output for one input.
  virtual Bytes output(ByteSpan input) = 0;
};

std::unique_ptr<Runner> engine_runner(std::unique_ptr<inference::Engine> engine);

/// tfjs_tflite.cjs in node; nullptr, with the reason on standard output, where it cannot be.
std::unique_ptr<Runner> node_runner(const std::string& model_path);

}  // namespace aiot::bench
