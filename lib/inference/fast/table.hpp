#pragma once

#include "inference/fast/loops.hpp"

namespace aiot::inference::fast {

/// The table of `V` (loops.hpp): its loops, and the conversions of int8 values to `element` and
/// back. What an instruction set has beside them, it puts in. As with the loops, a `V` of an
/// unnamed namespace keeps this in its file.
template <class V>
constexpr Kernels table_of(Element element, decltype(Kernels::take) take,
                           decltype(Kernels::give) give) {
  return {
      .element = element,
      .element_bytes = sizeof(typename V::Element),
      .weight_bytes = sizeof(typename V::Weight),
      .weight_factor = 1,
      .lanes = V::lanes,
      .vectors = V::vectors,
      .group = V::group,
      .taps = V::taps,
      .tap_weight_bytes = sizeof(typename V::TapWeight),
      .order = V::order,
      .convolution = Loops<V>::convolution,
      .depthwise = Loops<V>::depthwise,
      .addition = Loops<V>::addition,
      .pool = Loops<V>::pool,
      .dense = nullptr,
      .winograd = nullptr,
      .take = take,
      .give = give,
  };
}

}  // namespace aiot::inference::fast
