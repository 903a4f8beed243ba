#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

/// Numbers as text, without a library's printf. These files also build for a microcontroller.
namespace aiot::energyrunner {

/// Room enough for any number written here.
constexpr std::size_t most_digits = 24;

/// `value` in decimal digits, in `buffer`.
std::string_view decimal(std::uint32_t value, std::span<char, most_digits> buffer);

/// As printf's "%0.3f" has it: three digits, the nearest, of two as near the even one; but zero has
/// no sign, and 9.0e15 is the most.
std::string_view three_digits(float value, std::span<char, most_digits> buffer);

}  // namespace aiot::energyrunner
