#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "inference/fast/pack.hpp"

/// What the packing of every operator shares.
namespace aiot::inference::fast {

/// Sums stay below this, so that they can be doubled, and rounded up, in 32 bits.
constexpr std::int64_t sum_limit = 1LL << 30;
inline std::int32_t block_of(const Kernels& k) { return k.lanes * k.vectors; }
inline std::int32_t blocks_of(const Kernels& k, std::int32_t channels) {
  return (channels + block_of(k) - 1) / block_of(k);
}

/// Where the values of a channel go in the vectors of its block.
class Order {
 public:
  /// `one_vector`: a last block that fits in one vector is kept in its natural order.
  Order(const Kernels& kernels, std::int32_t channels, bool one_vector)
      : kernels_(kernels), channels_(channels), one_vector_(one_vector) {
    places_.resize(block_of(kernels));
    for (std::int32_t i = 0; i < block_of(kernels); ++i) places_[kernels.order[i]] = i;
  }
  std::int32_t place(std::int32_t channel) const {
    const std::int32_t block = block_of(kernels_);
    const std::int32_t begin = channel / block * block;
    if (one_vector_ && channels_ - begin <= kernels_.lanes) return channel;
    return begin + places_[channel - begin];
  }

 private:
  const Kernels& kernels_;
  std::int32_t channels_;
  bool one_vector_;
  std::vector<std::int32_t> places_;
};

/// The sums of one output channel as the portable kernel makes them: what they can be, and what
/// they want for bias.
struct Channel {
  std::int64_t bias = 0;
  std::int64_t weights = 0;          ///< their sum
  std::int64_t least = 0, most = 0;  ///< of the sum without the bias
  kernel::Factor factor;
  bool constant = false;  ///< its weights count as 0

  /// `offset` is added to each value of the input.
  void count(std::int32_t weight, std::int32_t offset) {
    weights += weight;
    const std::int64_t low = static_cast<std::int64_t>(-128 + offset) * weight;
    const std::int64_t high = static_cast<std::int64_t>(127 + offset) * weight;
    least += std::min({low, high, std::int64_t{0}});  // 0: padding
    most += std::max({low, high, std::int64_t{0}});
  }
};

/// To be called when all weights are counted. A channel with only one result has it from its bias,
/// four times the result and divided by four: its weights need not be multiplied.
void settle(std::vector<Channel>& channels, const kernel::Requantize& quantized);

/// `factor` is what weights are multiplied by: nullopt when a sum may become too large.
std::optional<PackedScaling> pack_scaling(const Kernels& kernels, const Order& order,
                                          const kernel::Requantize& quantized,
                                          std::span<const Channel> channels, std::int32_t factor);

/// Where the window of every `together`th output pixel of a line begins, and where that pixel goes.
void pack_rows(const kernel::Window& window, const Layout& input, const Layout& output,
               std::int32_t together, std::vector<std::int32_t>& starts,
               std::vector<std::int32_t>& places);

}  // namespace aiot::inference::fast
