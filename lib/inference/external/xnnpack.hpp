#pragma once

#include <memory>

#include "inference/engine.hpp"

namespace aiot::inference {

/// The model on XNNPACK (libxnnpack0 of Debian 12), as TensorFlow Lite uses it: int8 with one scale
/// or one for each channel, and float32. Operators that XNNPACK has not (int8 SOFTMAX and pools
/// that do not cover the image, reshapes) run on the portable kernels. Its int8 rounding differs
/// from the reference's by design: some values are one off.
///
/// Errc::engine_missing where the library is not installed or too old, engine_failed when it
/// refuses an operator, and the errors of make_reference_engine().
Result<std::unique_ptr<Engine>> make_xnnpack_engine(std::shared_ptr<const Model> model,
                                                    const EngineOptions& options);

}  // namespace aiot::inference
