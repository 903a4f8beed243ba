#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "aiot/address.hpp"

/// Figures with their units, for people.
namespace aiot::cli::render {

/// "32.8 µs", "1.24 ms": three digits that matter.
std::string microseconds(double us);
/// "2.66 M"
std::string count_words(double count);
/// "18.4 k inferences/s"
std::string rate_words(double inferences_per_s);
std::string percent(double share, int decimals = 1);
/// "1x49x10x1"
std::string shape_words(const std::vector<std::int32_t>& shape);

/// "/dev/ttyUSB0" of "serial:/dev/ttyUSB0", which every command accepts as well. Escaped.
std::string short_address(const Address& address);
/// "1.5 s"
std::string time_text(double seconds);

/// Pads the cells of each column but those in `left` on their left, so that figures stand below
/// each other.
void align_right(std::vector<std::vector<std::string>>& rows, const std::vector<std::size_t>& left);

}  // namespace aiot::cli::render
