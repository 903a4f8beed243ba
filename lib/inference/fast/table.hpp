#pragma once

#include "inference/fast/loops.hpp"
#include "inference/fast/real.hpp"
#include "inference/fast/values.hpp"

namespace aiot::inference::fast {

/// The table of `V` and, for float32, `Real`; what an instruction set has beside its loops, it puts
/// in. As with the loops, a `V` of an unnamed namespace keeps this in its file.
template <class V, class Real>
constexpr Kernels table_of() {
  return {
      .element = V::kind,
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
      .take = Loops<V>::take,
      .give = Loops<V>::give,
      .dot = Loops<V>::dot,
      .real = real_table_of<Real>(),
      .values = value_table_of<Real>(),
  };
}

}  // namespace aiot::inference::fast
