#include <algorithm>
#include <cstring>

#include "inference/fast/pack.hpp"

namespace aiot::inference::fast {

void repeat_right(const Kernels& kernels, PackedAddition& packed, const std::int8_t* values) {
  const auto bytes = static_cast<std::size_t>(packed.repeated) * kernels.element_bytes;
  kernels.take(values, packed.constant.data(), packed.repeated, packed.right_zero_point);
  for (std::size_t done = bytes; done < packed.constant.bytes();) {
    const auto more = std::min(done, packed.constant.bytes() - done);
    std::memcpy(packed.constant.data() + done, packed.constant.data(), more);
    done += more;
  }
}

std::optional<PackedAddition> pack_addition(const Kernels& kernels, const AdditionFactors& f,
                                            const Layout& left, const Layout& right,
                                            const Layout& output, const std::int8_t* right_values,
                                            std::int32_t repeated) {
  constexpr int to_left = 20;
  constexpr std::int64_t largest = 255LL << to_left;  // |value - zero point|
  static_assert(2 * largest < sum_limit);             // both inputs, scaled by at most 1
  if (f.left.shift > 0 || f.right.shift > 0 || f.output.shift > 0) return std::nullopt;
  const bool compares = f.pairing == Pairing::maximum || f.pairing == Pairing::minimum;
  const auto is_other = [&](std::int32_t zero_point) { return zero_point != f.output_zero_point; };
  if (compares && (is_other(f.left_zero_point) || is_other(f.right_zero_point))) {
    return std::nullopt;
  }
  // One block, all lanes alike: a factor for each, and no bias.
  const std::int32_t block = block_of(kernels);
  const Order order(kernels, block, false);
  const auto pack = [&](kernel::Factor factor) {
    Channel channel;
    channel.factor = factor;
    kernel::Requantize quantized;
    quantized.output_offset = f.output_zero_point;
    quantized.range = f.range;
    const std::vector<Channel> channels(block, channel);
    return std::move(*pack_scaling(kernels, order, quantized, channels, 1));
  };
  PackedAddition p;
  p.task.pairing = f.pairing;
  p.left = pack(f.left);
  p.right = pack(f.right);
  p.both = pack(f.output);
  for (std::int32_t n = 0; n < output.shape.n; ++n) {
    for (std::int32_t y = 0; y < output.shape.h; ++y) {
      p.left_starts.push_back(left.at(n, y, 0));
      p.right_starts.push_back(right.at(n, y, 0));
      p.places.push_back(output.at(n, y, 0));
    }
  }
  if (repeated > 0) {
    p.repeated = repeated;
    p.right_zero_point = f.right_zero_point;
    std::fill(p.right_starts.begin(), p.right_starts.end(), 0);
    p.constant =
        Buffer(static_cast<std::size_t>(output.shape.w) * output.shape.c * kernels.element_bytes);
  }
  if (right_values != nullptr) {
    // As long as all lines are alike, one is enough.
    const auto length = static_cast<std::size_t>(right.line());
    auto lines = p.right_starts.size();
    const bool alike =
        std::equal(right_values + length, right_values + length * lines, right_values);
    if (alike) {
      lines = 1;
      std::fill(p.right_starts.begin(), p.right_starts.end(), 0);
    }
    p.constant = Buffer(length * lines * static_cast<std::size_t>(kernels.element_bytes));
    kernels.take(right_values, p.constant.data(), static_cast<std::int32_t>(length * lines),
                 f.right_zero_point);
  }
  p.task.left_starts = p.left_starts.data();
  p.task.right_starts = p.right_starts.data();
  p.task.places = p.places.data();
  p.task.length = output.shape.w * output.shape.c;
  p.task.left_zero = f.left_zero_point + more_of(kernels.element, f.left_zero_point);
  p.task.right_zero = f.right_zero_point + more_of(kernels.element, f.right_zero_point);
  const auto is_half = [](kernel::Factor factor) {
    return factor.multiplier == 1 << 30 && factor.shift == 0;
  };
  p.task.left_is_half = is_half(f.left);
  p.task.right_is_half = is_half(f.right);
  p.task.left_scaling = p.left.scaling;
  p.task.right_scaling = p.right.scaling;
  p.task.scaling = p.both.scaling;
  return p;
}

}  // namespace aiot::inference::fast
