#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "inference/model/flatbuffer.hpp"
#include "inference/model/model.hpp"

namespace aiot::inference {

/// The content of an operator's table of options: `kind` is the file's number of the BuiltinOptions
/// union's member, 0 for none (then each option has the schema's default). A wrong kind is a
/// failure of `document`.
decltype(Operator::options) read_options(flatbuffer::Document& document, Code code,
                                         std::uint8_t kind, const flatbuffer::Table& table);

/// Those of an operator that the schema does not have, from its own bytes. A failure of `document`
/// when they are damaged.
decltype(Operator::options) read_custom_options(flatbuffer::Document& document, Code code,
                                                ByteSpan bytes);

/// The same as a file has it: the union member's number, 0 for none, and the table's fields.
struct WrittenOptions {
  std::uint8_t kind = 0;
  std::vector<flatbuffer::Field> fields;
  std::vector<std::pair<std::size_t, std::string>> strings;  ///< by the index of their field
};
WrittenOptions write_options(const Operator& op);

}  // namespace aiot::inference
