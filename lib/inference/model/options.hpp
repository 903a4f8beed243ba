#pragma once

#include <cstdint>

#include "inference/model/flatbuffer.hpp"
#include "inference/model/model.hpp"

namespace aiot::inference {

/// BuiltinOptions: the number of each union member that is read here.
enum class OptionsKind : std::uint8_t {
  none = 0,
  conv_2d = 1,
  depthwise_conv_2d = 2,
  pool_2d = 5,
  fully_connected = 8,
  softmax = 9,
  concatenation = 10,
  add = 11,
  resize_bilinear = 15,
  mul = 21,
  reducer = 27,
  sub = 28,
  strided_slice = 32,
  split = 35,
  transpose_conv = 49,
  pack = 59,
  resize_nearest_neighbor = 74,
  leaky_relu = 75,
};
/// The member that goes with an operator; none for one whose options say nothing that is needed.
OptionsKind options_kind(Code code);

/// What an operator's table of options says: `kind` is the file's number of the union's member, 0
/// for none (then each option has the schema's default). A wrong kind is a failure of `document`.
decltype(Operator::options) read_options(flatbuffer::Document& document, Code code,
                                         std::uint8_t kind, const flatbuffer::Table& table);

}  // namespace aiot::inference
