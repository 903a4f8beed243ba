#pragma once

#include <cstddef>
#include <cstdint>

namespace aiot::inference::kernel {

/// Two inputs that are gone through together: their extents, and how far apart their values lie in
/// each dimension (0 where an input is repeated).
struct Broadcast {
  static constexpr int rank = 6;
  std::int32_t extent[rank] = {1, 1, 1, 1, 1, 1};
  std::size_t step_a[rank] = {};
  std::size_t step_b[rank] = {};
};

/// output[i] = f(a, b) for each value of the output.
template <class T, class F>
void for_each_pair(const Broadcast& s, const T* a, const T* b, T* output, const F& f) {
  std::int32_t index[Broadcast::rank] = {};
  constexpr int last = Broadcast::rank - 1;
  for (;;) {
    std::size_t at_a = 0;
    std::size_t at_b = 0;
    for (int d = 0; d < last; ++d) {
      at_a += index[d] * s.step_a[d];
      at_b += index[d] * s.step_b[d];
    }
    for (std::int32_t i = 0; i < s.extent[last]; ++i) {
      *output++ = f(a[at_a + i * s.step_a[last]], b[at_b + i * s.step_b[last]]);
    }
    int d = last - 1;
    while (d >= 0 && ++index[d] == s.extent[d]) index[d--] = 0;
    if (d < 0) return;
  }
}

}  // namespace aiot::inference::kernel
