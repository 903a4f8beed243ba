#pragma once

#include <memory>
#include <string>

#include "inference/engine.hpp"

namespace aiot::inference {

/// The file that the dynamic linker looks for: TensorFlow Lite's C library, which Debian 12 has
/// not; TensorFlow's sources build it (tensorflow/lite/c).
constexpr const char* tflite_library = "libtensorflowlite_c.so";

/// The model on an installed TensorFlow Lite, with whatever it does by itself (XNNPACK, usually).
/// It does not tell its operators' times: invoke_timed() gives the whole to the first.
///
/// Errc::engine_missing where the library is not installed or lacks a function, engine_failed when
/// it refuses the model, fails in a run, or sees other inputs and outputs than the file's.
Result<std::unique_ptr<Engine>> make_tflite_engine(std::shared_ptr<const Model> model,
                                                   const EngineOptions& options,
                                                   const std::string& library = tflite_library);

}  // namespace aiot::inference
