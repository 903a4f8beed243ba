#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "aiot/value.hpp"

/// Reading a benchmark's record, and saying its figures with units.
namespace aiot::cli::render {

/// A number by its name, 0 when there is none.
double number_of(const Object& fields, std::string_view name);
bool has_number(const Object& fields, std::string_view name);
bool flag_of(const Object& fields, std::string_view name);
/// Escaped; "" when it is no text.
std::string text_of(const Object& fields, std::string_view name);
/// Empty when there is none.
const Object& object_of(const Object& fields, std::string_view name);
const Array& list_of(const Object& fields, std::string_view name);

/// "32.8 µs", "1.24 ms"
std::string microseconds(double us);
/// "2.66 M"
std::string count_words(double count);
std::string percent(double share, int decimals = 1);
/// "1x49x10x1"
std::string shape_of(const Array& shape);

/// Pads the cells of each column but those in `left` on their left, so that figures stand below
/// each other.
void align_right(std::vector<std::vector<std::string>>& rows, const std::vector<std::size_t>& left);

}  // namespace aiot::cli::render
