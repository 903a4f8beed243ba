#pragma once

#include "aiot/bytes.hpp"

namespace aiot::bench {

/// MobileNet v2 1.0 of 224 x 224 pixels (Sandler and others 2018, table 2), int8 with random
/// weights: 301 M MACs. A .tflite file, the same on every machine.
Bytes mobilenet_v2();

}  // namespace aiot::bench
