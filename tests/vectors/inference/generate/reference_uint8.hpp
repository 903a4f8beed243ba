#pragma once

#include "one_operator.hpp"

namespace vectors {

/// Cases of uint8 (TensorFlow 1), which TensorFlow Lite's reference kernels have and its micro
/// interpreter does not run: they are called here.
Bytes uint8_cases(int cases);

}  // namespace vectors
