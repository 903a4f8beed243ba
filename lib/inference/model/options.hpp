#pragma once

#include <cstdint>

#include "inference/model/flatbuffer.hpp"
#include "inference/model/model.hpp"

namespace aiot::inference {

/// What an operator's table of options says: `kind` is the file's number of the union's member, 0
/// for none (then each option has the schema's default). A wrong kind is a failure of `document`.
decltype(Operator::options) read_options(flatbuffer::Document& document, Code code,
                                         std::uint8_t kind, const flatbuffer::Table& table);

}  // namespace aiot::inference
