#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "aiot/value.hpp"

namespace aiot::cli::render {

/// Columns that a terminal uses for UTF-8 `text`: one a code point.
std::size_t text_width(std::string_view text);
/// `text` cut to `width` columns, with `…` where it was cut.
std::string cut(const std::string& text, std::size_t width);

/// Rows with aligned columns; the widest column gives way when `width` (0: any) is not enough.
/// Cells are escaped by the caller.
std::string table(const std::vector<std::vector<std::string>>& rows, std::size_t width,
                  std::size_t indent = 0);

/// Paragraphs of words folded to `width`, each line indented.
std::string wrap(std::string_view text, std::size_t width, std::size_t indent = 0);

/// A record for people: scalars as `name  value`, objects as sections, lists of objects as tables.
/// Field names say their unit: *_bytes are sizes, offset, address and entry are hexadecimal, *_s
/// are durations. Escaped.
std::string describe(const Object& object, std::size_t width, std::size_t indent = 0);

/// One field's value as describe() writes it; "" for a list or an object.
std::string describe_scalar(std::string_view name, const Value& value);

}  // namespace aiot::cli::render
