#pragma once

#include <vector>

#include "image/delta_format.hpp"

namespace aiot::image {

/// Finds out where the files lie in memory, for pointers in them: from an ELF's or ESP image's
/// headers; else by trying which address makes most of the words that changed follow the copies.
/// Both lists stay empty when neither gives an address.
void find_segments(ByteSpan source, ByteSpan result, DeltaControl& control);

}  // namespace aiot::image
