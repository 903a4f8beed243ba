#pragma once

#include <span>
#include <string_view>

#include "one_operator.hpp"

namespace vectors {

/// How random models of one operator are made: `type` is that of its values where it may choose.
struct Maker {
  std::string_view name;  ///< of the file of vectors
  Bytes (*make)(Random& random, Type type);
  bool int8_only = false;
};

std::span<const Maker> sum_makers();       ///< convolutions, matrices, pools
std::span<const Maker> value_makers();     ///< arithmetic, functions, quantisation
std::span<const Maker> movement_makers();  ///< what moves values
std::span<const Maker> position_makers();  ///< what reads or writes at positions that are values
std::span<const Maker> graph_makers();     ///< blocks of many operators

}  // namespace vectors
