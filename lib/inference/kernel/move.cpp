#include "inference/kernel/move.hpp"

#include <cstring>

namespace aiot::inference::kernel {

void move(const Move& s, const std::uint8_t* input, std::uint8_t* output) {
  constexpr int last = Move::rank - 1;
  std::int32_t index[Move::rank] = {};
  input += s.input_first;
  output += s.output_first;
  for (;;) {
    const auto* from = input;
    auto* to = output;
    for (int d = 0; d < last; ++d) {
      from += index[d] * s.input_step[d];
      to += index[d] * s.output_step[d];
    }
    for (std::int32_t i = 0; i < s.extent[last]; ++i) {
      std::memcpy(to + i * s.output_step[last], from + i * s.input_step[last], s.unit_bytes);
    }
    int d = last - 1;
    while (d >= 0 && ++index[d] == s.extent[d]) index[d--] = 0;
    if (d < 0) return;
  }
}

void fill(const std::uint8_t* value, std::size_t value_bytes, std::size_t bytes,
          std::uint8_t* output) {
  for (std::size_t i = 0; i + value_bytes <= bytes; i += value_bytes) {
    std::memcpy(output + i, value, value_bytes);
  }
}

}  // namespace aiot::inference::kernel
