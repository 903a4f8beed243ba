#include <cmath>
#include <cstring>
#include <sstream>

#include "cases.hpp"
#include "random_case.hpp"

// float32: not one bit may differ, but for what is no number, of which there are many kinds.
namespace aiot::test {
namespace {

using fast::Kernels;
using fast::Layout;

/// A tensor as elements, with padding of 0.
fast::Buffer real_elements_of(const Layout& layout, const std::vector<float>& values) {
  fast::Buffer buffer(layout.elements() * sizeof(float));
  const auto& s = layout.shape;
  for (std::int32_t n = 0; n < s.n; ++n) {
    for (std::int32_t y = 0; y < s.h; ++y) {
      std::memcpy(buffer.as<float>() + layout.at(n, y, 0), values.data() + s.at(n, y, 0, 0),
                  sizeof(float) * s.w * s.c);
    }
  }
  return buffer;
}

/// An output with room round it, to see what is written beside it.
struct RealOutput {
  static constexpr float mark = 123.5F;
  Layout layout;
  fast::Buffer buffer;

  explicit RealOutput(const kernel::Shape& shape)
      : layout{shape, 1, 1, 1, 1}, buffer(layout.elements() * sizeof(float)) {
    std::fill_n(buffer.as<float>(), all(), mark);
  }
  std::size_t all() const { return layout.elements() + fast::Buffer::behind / sizeof(float); }

  std::string difference(const std::vector<float>& expected) const {
    std::vector<float> wanted(all(), mark);
    const auto& s = layout.shape;
    for (std::int32_t n = 0; n < s.n; ++n) {
      for (std::int32_t y = 0; y < s.h; ++y) {
        std::memcpy(wanted.data() + layout.at(n, y, 0), expected.data() + s.at(n, y, 0, 0),
                    sizeof(float) * s.w * s.c);
      }
    }
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const float is = buffer.as<float>()[i];
      if (std::memcmp(&is, &wanted[i], sizeof is) == 0) continue;
      if (std::isnan(is) && std::isnan(wanted[i])) continue;
      std::ostringstream text;
      text << std::hexfloat << "value " << i << " is " << is << ", not " << wanted[i];
      return text.str();
    }
    return {};
  }
};

kernel::Range<float> random_range(Random& random) {
  constexpr auto infinity = std::numeric_limits<float>::infinity();
  if (random.one_in(2)) return {-infinity, infinity};
  return random.one_in(2) ? kernel::Range<float>{0, infinity} : kernel::Range<float>{-1, 6};
}

std::string with_seed(std::uint32_t seed, const std::string& what) {
  return what.empty() ? what : "seed " + std::to_string(seed) + ": " + what;
}

}  // namespace

std::string real_convolution_case(const Kernels& k, std::uint32_t seed) {
  Random random(seed);
  kernel::ConvShape s;
  s.input.n = s.output.n = random.number(1, 2);
  s.window = random_window(random, s.input, s.output);
  s.input.c = random.number(1, 40);
  s.output.c = random.one_in(4) ? random.number(1, 200) : random.number(1, 70);
  if (random.one_in(4)) {  // FULLY_CONNECTED
    s.window = {};
    s.input.n = s.input.h = s.input.w = 1;
    s.output.n = s.output.h = s.output.w = 1;
  }
  s.group_channels = s.input.c;
  const bool depthwise = random.one_in(8);
  if (depthwise) {
    s.input.c = s.group_channels = 1;
    s.depth_multiplier = s.output.c = std::max(2, s.output.c);
  }
  const auto depth = static_cast<std::size_t>(s.window.h) * s.window.w * s.input.c;
  const auto input = random.reals(s.input.elements(), random.one_in(10));
  const auto filter = random.reals(depth * s.output.c, random.one_in(20));
  const auto bias = random.reals(static_cast<std::size_t>(s.output.c), false);
  const auto* bias_or_none = random.one_in(10) ? nullptr : bias.data();
  const auto range = random_range(random);
  Layout from{s.input};
  widen_for(from, s.window, s.output);
  RealOutput out(s.output);
  auto packed =
      pack_real_convolution(k.real, s, range, filter.data(), bias_or_none, from, out.layout);
  if (!packed) return {};
  count_case();
  const auto elements = real_elements_of(from, input);
  packed->task.input = elements.data();
  packed->task.output = out.buffer.data();
  run_in_parts(random, k.real.convolution, packed->task,
               static_cast<std::int32_t>(packed->starts.size()), blocks_of(k.real, s.output.c));
  std::vector<float> expected(s.output.elements());
  if (depthwise) {
    kernel::depthwise_conv_2d(s, range, input.data(), filter.data(), bias_or_none, expected.data());
  } else {
    kernel::conv_2d(s, range, input.data(), filter.data(), bias_or_none, expected.data());
  }
  return with_seed(seed, out.difference(expected));
}

std::string real_depthwise_case(const Kernels& k, std::uint32_t seed) {
  Random random(seed);
  kernel::ConvShape s;
  s.input.n = s.output.n = random.number(1, 2);
  s.window = random_window(random, s.input, s.output);
  s.input.c = s.output.c = random.one_in(3) ? 1 << random.number(0, 6) : random.number(1, 70);
  const auto taps = static_cast<std::size_t>(s.window.h) * s.window.w;
  const auto input = random.reals(s.input.elements(), random.one_in(10));
  const auto filter = random.reals(taps * s.output.c, random.one_in(20));
  const auto bias = random.reals(static_cast<std::size_t>(s.output.c), false);
  const auto range = random_range(random);
  Layout from{s.input};
  widen_for(from, s.window, s.output);
  RealOutput out(s.output);
  auto packed = pack_real_depthwise(k.real, s, range, filter.data(), bias.data(), from, out.layout);
  if (!packed) return {};
  count_case();
  const auto elements = real_elements_of(from, input);
  packed->task.input = elements.data();
  packed->task.output = out.buffer.data();
  run_in_parts(random, k.real.depthwise, packed->task,
               static_cast<std::int32_t>(packed->starts.size()),
               blocks_of(k.real, packed->task.channels));
  std::vector<float> expected(s.output.elements());
  kernel::depthwise_conv_2d(s, range, input.data(), filter.data(), bias.data(), expected.data());
  return with_seed(seed, out.difference(expected));
}

std::string real_pool_case(const Kernels& k, std::uint32_t seed) {
  Random random(seed);
  kernel::PoolShape s;
  s.input.n = s.output.n = random.number(1, 2);
  do {
    s.window = random_window(random, s.input, s.output);
  } while (s.window.dilation_h != 1);
  s.input.c = s.output.c = random.number(1, 70);
  const auto range = random_range(random);
  const auto input = random.reals(s.input.elements(), random.one_in(5));
  const bool maximum = random.one_in(2);
  Layout from{s.input};
  from.left = random.number(0, 2);
  RealOutput out(s.output);
  auto packed = pack_real_pool(s, maximum, range, from, out.layout);
  count_case();
  const auto elements = real_elements_of(from, input);
  packed.task.input = elements.data();
  packed.task.output = out.buffer.data();
  run_in_parts(random, k.real.pool, packed.task,
               static_cast<std::int32_t>(packed.windows.starts.size()), 1);
  std::vector<float> expected(s.output.elements());
  if (maximum) {
    kernel::max_pool_2d(s, range, input.data(), expected.data());
  } else {
    kernel::average_pool_2d(s, range, input.data(), expected.data());
  }
  return with_seed(seed, out.difference(expected));
}

}  // namespace aiot::test
