#pragma once

#include <vector>

#include "aiot/bytes.hpp"
#include "image/delta_format.hpp"

namespace aiot::image {

/// The runs of `result` that resemble runs of `source`, in the order of the result; what lies
/// between them is new. A run may have bytes that differ.
std::vector<DeltaCopy> find_copies(ByteSpan source, ByteSpan result);

}  // namespace aiot::image
