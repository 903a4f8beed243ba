#pragma once

/// Loops over tiles. What a tile sums has to be in registers, which it only is where the compiler
/// sees each index as a constant before it thinks of arrays.
namespace aiot::inference::fast {
namespace {

template <int N>
struct Index {
  constexpr operator int() const { return N; }  // NOLINT(google-explicit-constructor)
};

/// Lambdas too are inlined before anything else is thought of.
#define AIOT_INLINE __attribute__((always_inline))

/// Calls `what` with Index<0> to Index<N - 1>.
template <int N, class What>
[[gnu::always_inline]] inline void unrolled(const What& what) {
  if constexpr (N > 0) {
    unrolled<N - 1>(what);
    what(Index<N - 1>());
  }
}

}  // namespace
}  // namespace aiot::inference::fast
