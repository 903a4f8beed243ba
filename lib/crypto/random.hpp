#pragma once

#include <array>

#include "aiot/bytes.hpp"

namespace aiot::crypto {

/// Bytes that nobody can guess, from the machine's generator.
Bytes random_bytes(std::size_t count);
/// A UUID of version 4 (RFC 4122, 4.4).
std::array<std::uint8_t, 16> random_uuid();

}  // namespace aiot::crypto
