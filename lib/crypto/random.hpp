#pragma once

#include "aiot/bytes.hpp"

namespace aiot::crypto {

/// Bytes that nobody can guess, from the machine's generator.
Bytes random_bytes(std::size_t count);

}  // namespace aiot::crypto
