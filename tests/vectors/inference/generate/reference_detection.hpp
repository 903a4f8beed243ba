#pragma once

#include "one_operator.hpp"

namespace vectors {

/// A random TFLite_Detection_PostProcess, whose options FlatBuffers' own library writes.
Bytes detection(Random& random, Type type);

}  // namespace vectors
