#pragma once

#include <memory>
#include <string>

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

/// The file that the dynamic linker looks for: TensorFlow Lite's C library, which Debian 12 has
/// not; TensorFlow's sources build it (tensorflow/lite/c).
constexpr const char* tflite_library = "libtensorflowlite_c.so";

/// The model on an installed TensorFlow Lite, with whatever it does by itself (XNNPACK, usually).
/// It does not report its operators' times: invoke_timed() gives the whole to the first.
///
/// Errc::engine_missing where the library is not installed or lacks a function, engine_failed when
/// it refuses the model, fails in a run, or sees other inputs and outputs than the file's.
Result<std::unique_ptr<Engine>> make_tflite_engine(std::shared_ptr<const Model> model,
                                                   const EngineOptions& options,
                                                   const std::string& library = tflite_library);

}  // namespace aiot::inference
