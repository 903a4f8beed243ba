#pragma once

#include <cstdint>
#include <vector>

#include "aiot/bytes.hpp"

namespace aiot::image {

/// The suffixes of `text` in lexical order, by where they begin. `text` is shorter than 2^31 - 1.
std::vector<std::int32_t> sort_suffixes(ByteSpan text);

}  // namespace aiot::image
