#include "cases.hpp"

#include <algorithm>
#include <sstream>
#include <vector>

#include "random_case.hpp"

namespace aiot::test {
namespace {

using fast::Kernels;
using fast::Layout;

std::uint32_t taken = 0;

/// Factors and offsets of a random operator.
struct Quantized {
  std::vector<kernel::Factor> factors;
  kernel::Requantize values;

  Quantized(Random& random, std::int32_t channels, std::int32_t depth) {
    for (std::int32_t c = 0; c < channels; ++c) factors.push_back(random.factor(depth));
    values = {-random.zero_point(), random.zero_point(), random.range(), factors.data()};
  }
};

/// Some biases near the end of 32 bits, with a factor that leaves something of them: the vectors'
/// scaling does not take them.
void make_some_huge(Random& random, Quantized& q, std::vector<std::int32_t>& biases) {
  if (!random.one_in(3)) return;
  for (std::size_t c = 0; c < biases.size(); ++c) {
    if (!random.one_in(8)) continue;
    const auto size = random.number(1 << 29, 2'147'483'647);
    biases[c] = random.one_in(2) ? size : -size;
    q.factors[c] = {random.number(1 << 30, 2'147'483'647), -random.number(22, 25)};
  }
}

/// A tensor as elements, with the padding filled as an engine fills it.
fast::Buffer elements_of(const Kernels& k, const Layout& layout, std::int32_t zero_point,
                         const std::vector<std::int8_t>& values) {
  fast::Buffer buffer(layout.elements() * k.element_bytes);
  const std::int32_t zero = zero_point + fast::more_of(k.element, zero_point);
  for (std::size_t i = 0; i < layout.elements(); ++i) {
    if (k.element_bytes == 2) {
      buffer.as<std::int16_t>()[i] = static_cast<std::int16_t>(zero);
    } else {
      buffer.as<std::uint8_t>()[i] = static_cast<std::uint8_t>(zero);
    }
  }
  const auto& s = layout.shape;
  for (std::int32_t n = 0; n < s.n; ++n) {
    for (std::int32_t y = 0; y < s.h; ++y) {
      k.take(values.data() + s.at(n, y, 0, 0),
             buffer.data() + static_cast<std::size_t>(layout.at(n, y, 0)) * k.element_bytes,
             s.w * s.c, zero_point);
    }
  }
  return buffer;
}

/// An output with room round it, to see what is written beside it.
class Output {
 public:
  Output(const Kernels& kernels, const kernel::Shape& shape, std::int32_t zero_point)
      : kernels_(kernels),
        layout{shape, 1, 1, 1, 1},
        zero_point_(zero_point),
        buffer(layout.elements() * kernels.element_bytes) {
    std::fill_n(buffer.as<std::uint8_t>(), buffer.bytes() + fast::Buffer::behind, mark);
  }

  /// What is wrong, compared with what the portable kernel gave.
  std::string difference(const std::vector<std::int8_t>& expected) {
    const auto& s = layout.shape;
    std::vector<std::int8_t> line(static_cast<std::size_t>(s.w) * s.c);
    const auto line_bytes = line.size() * kernels_.element_bytes;
    std::ostringstream text;
    for (std::int32_t n = 0; n < s.n; ++n) {
      for (std::int32_t y = 0; y < s.h; ++y) {
        auto* from =
            buffer.data() + static_cast<std::size_t>(layout.at(n, y, 0)) * kernels_.element_bytes;
        kernels_.give(from, line.data(), s.w * s.c, zero_point_);
        std::fill_n(reinterpret_cast<std::uint8_t*>(from), line_bytes, mark);
        for (std::size_t i = 0; i < line.size(); ++i) {
          const auto wanted = expected[s.at(n, y, 0, 0) + i];
          if (line[i] == wanted) continue;
          text << "line " << y << ", value " << i << " is " << int{line[i]} << ", not "
               << int{wanted};
          return text.str();
        }
      }
    }
    const auto* end = buffer.as<std::uint8_t>() + buffer.bytes() + fast::Buffer::behind;
    const auto* other = std::find_if(buffer.as<std::uint8_t>(), const_cast<std::uint8_t*>(end),
                                     [](std::uint8_t byte) { return byte != mark; });
    if (other == end) return {};
    text << "byte " << other - buffer.as<std::uint8_t>() << " beside the output was written";
    return text.str();
  }

 private:
  static constexpr std::uint8_t mark = 0x5a;
  const Kernels& kernels_;

 public:
  Layout layout;

 private:
  std::int32_t zero_point_;

 public:
  fast::Buffer buffer;
};

std::string described(std::uint32_t seed, const kernel::ConvShape& s, const std::string& what) {
  if (what.empty()) return {};
  std::ostringstream text;
  text << "seed " << seed << ", " << s.input.n << "x" << s.input.h << "x" << s.input.w << "x"
       << s.input.c << " to " << s.output.h << "x" << s.output.w << "x" << s.output.c << ", window "
       << s.window.h << "x" << s.window.w << ", stride " << s.window.stride_h << "x"
       << s.window.stride_w << ", dilation " << s.window.dilation_h << ", padding "
       << s.window.pad_top << "x" << s.window.pad_left << ": " << what;
  return text.str();
}

/// A kernel with what it leaves to single channels.
template <class Task>
auto with_singles(const Kernels& k, void (*run)(const Task&, const fast::Part&),
                  const fast::Singles& singles) {
  return [&k, run, &singles](const Task& task, const fast::Part& part) {
    run(task, part);
    do_singles(k, singles, task, part);
  };
}

}  // namespace

std::string convolution_case(const Kernels& k, std::uint32_t seed) {
  Random random(seed);
  kernel::ConvShape s;
  s.input.n = s.output.n = random.number(1, 2);
  s.window = random_window(random, s.input, s.output);
  s.input.c = random.one_in(4) ? random.number(1, 4) : random.number(1, 70);
  s.output.c = random.number(1, 70);
  s.group_channels = s.input.c;
  // Over one channel, a depthwise convolution with many outputs is one too.
  const bool depthwise = random.one_in(8);
  if (depthwise) {
    s.input.c = s.group_channels = 1;
    s.depth_multiplier = s.output.c = std::max(2, s.output.c);
  }
  const auto depth = s.window.h * s.window.w * s.input.c;
  Quantized q(random, s.output.c, depth);
  const auto input = random.values(s.input.elements());
  const auto filter = random.values(static_cast<std::size_t>(depth) * s.output.c);
  auto bias = random.biases(s.output.c, depth);
  make_some_huge(random, q, bias);
  const auto* bias_or_none = random.one_in(10) ? nullptr : bias.data();
  Layout from{s.input};
  widen_for(from, s.window, s.output);
  Output out(k, s.output, q.values.output_offset);
  auto packed = pack_convolution(k, s, q.values, filter.data(), bias_or_none, from, out.layout);
  if (!packed) return {};
  ++taken;
  const auto elements = elements_of(k, from, -q.values.input_offset, input);
  packed->task.input = elements.data();
  packed->task.output = out.buffer.data();
  run_in_parts(random, with_singles(k, k.convolution, packed->singles), packed->task,
               static_cast<std::int32_t>(packed->starts.size()), blocks_of(k, s.output.c));
  std::vector<std::int8_t> expected(s.output.elements());
  if (depthwise) {
    kernel::depthwise_conv_2d(s, q.values, input.data(), filter.data(), bias_or_none,
                              expected.data());
  } else {
    kernel::conv_2d(s, q.values, input.data(), filter.data(), bias_or_none, expected.data());
  }
  return described(seed, s, out.difference(expected));
}

std::string winograd_case(const Kernels& k, std::uint32_t seed) {
  if (k.winograd == nullptr) return {};
  Random random(seed);
  const auto block = k.lanes * k.vectors;
  kernel::ConvShape s;
  s.input.n = s.output.n = random.number(1, 2);
  s.output.h = 2 * random.number(1, 5);
  s.output.w = 2 * random.number(1, 5);
  s.window.h = s.window.w = 3;
  s.window.pad_top = random.number(0, 1);
  s.window.pad_left = random.number(0, 1);
  s.input.h = std::max(1, s.output.h + 2 - s.window.pad_top - random.number(0, 1));
  s.input.w = std::max(1, s.output.w + 2 - s.window.pad_left - random.number(0, 1));
  s.input.c = s.group_channels = block * random.number(1, 5);
  s.output.c = block * random.number(1, 4);
  const auto depth = 9 * s.input.c;
  const Quantized q(random, s.output.c, depth);
  const auto input = random.values(s.input.elements());
  const auto filter = random.values(static_cast<std::size_t>(depth) * s.output.c);
  const auto bias = random.biases(s.output.c, depth);
  Layout from{s.input};
  widen_for(from, s.window, s.output);
  Output out(k, s.output, q.values.output_offset);
  auto packed = pack_winograd(k, s, q.values, filter.data(), bias.data(), from, out.layout);
  if (!packed) return {};
  ++taken;
  const auto elements = elements_of(k, from, -q.values.input_offset, input);
  packed->task.input = elements.data();
  packed->task.output = out.buffer.data();
  run_in_parts(random, k.winograd, packed->task, static_cast<std::int32_t>(packed->starts.size()),
               blocks_of(k, s.output.c));
  std::vector<std::int8_t> expected(s.output.elements());
  kernel::conv_2d(s, q.values, input.data(), filter.data(), bias.data(), expected.data());
  return described(seed, s, out.difference(expected));
}

std::string depthwise_case(const Kernels& k, std::uint32_t seed) {
  Random random(seed);
  kernel::ConvShape s;
  s.input.n = s.output.n = random.number(1, 2);
  s.window = random_window(random, s.input, s.output);
  s.input.c = s.output.c = random.one_in(3) ? 1 << random.number(0, 6) : random.number(1, 70);
  const auto taps = s.window.h * s.window.w;
  Quantized q(random, s.output.c, taps);
  const auto input = random.values(s.input.elements());
  const auto filter = random.values(static_cast<std::size_t>(taps) * s.output.c);
  auto bias = random.biases(s.output.c, taps);
  make_some_huge(random, q, bias);
  Layout from{s.input};
  widen_for(from, s.window, s.output);
  Output out(k, s.output, q.values.output_offset);
  auto packed = pack_depthwise(k, s, q.values, filter.data(), bias.data(), from, out.layout);
  if (!packed) return {};
  ++taken;
  const auto elements = elements_of(k, from, -q.values.input_offset, input);
  packed->task.input = elements.data();
  packed->task.output = out.buffer.data();
  run_in_parts(random, with_singles(k, k.depthwise, packed->singles), packed->task,
               static_cast<std::int32_t>(packed->starts.size()),
               blocks_of(k, packed->task.channels));
  std::vector<std::int8_t> expected(s.output.elements());
  kernel::depthwise_conv_2d(s, q.values, input.data(), filter.data(), bias.data(), expected.data());
  return described(seed, s, out.difference(expected));
}

/// Weights up to `most`: the smaller they are, the more quads are summed in 16 bits.
std::vector<std::int8_t> limited(std::vector<std::int8_t> values, std::int32_t most) {
  for (auto& v : values) v = static_cast<std::int8_t>(v % (most + 1));
  return values;
}

std::string dense_case(const Kernels& k, std::uint32_t seed) {
  if (k.dense == nullptr) return {};
  Random random(seed);
  const kernel::MatrixShape s{1, random.number(1, 200), random.number(1, 70)};
  Quantized q(random, s.outputs, s.depth);
  if (random.one_in(2)) std::ranges::fill(q.factors, q.factors[0]);
  const auto input_values = random.values(static_cast<std::size_t>(s.depth));
  const std::int32_t limits[] = {128, 60, 30, 15};
  const auto weights = limited(random.values(static_cast<std::size_t>(s.depth) * s.outputs),
                               limits[random.number(0, 3)]);
  const auto bias = random.biases(s.outputs, s.depth);
  auto packed = pack_dense(k, s, q.values, weights.data(), bias.data());
  if (!packed) return {};
  ++taken;
  // What is behind the input counts as 0; what is behind the output stays.
  constexpr std::size_t behind = 64;
  constexpr std::int8_t mark = 0x55;
  auto input = input_values;
  input.resize(input.size() + behind, mark);
  std::vector<std::int8_t> output(static_cast<std::size_t>(s.outputs) + behind, mark);
  packed->task.input = input.data();
  packed->task.output = output.data();
  run_in_parts(random, k.dense, packed->task, 1, blocks_of(k, s.outputs));
  std::vector<std::int8_t> expected(static_cast<std::size_t>(s.outputs));
  kernel::fully_connected(s, q.values, input.data(), weights.data(), bias.data(), expected.data());
  expected.resize(output.size(), mark);
  const auto [is, wanted] = std::ranges::mismatch(output, expected);
  if (is == output.end()) return {};
  std::ostringstream text;
  text << "seed " << seed << ", " << s.depth << " to " << s.outputs << " in groups of "
       << packed->task.group << ": value " << is - output.begin() << " is " << int{*is} << ", not "
       << int{*wanted};
  return text.str();
}

std::string addition_case(const Kernels& k, std::uint32_t seed) {
  Random random(seed);
  const kernel::Shape s{random.number(1, 2), random.number(1, 5), random.number(1, 5),
                        random.number(1, 40)};
  // One of the inputs has the larger scale: a factor of 1/2. The other's is at most that.
  const auto factor = [&] {
    return kernel::Factor{random.number(1 << 30, 2'147'483'647), -random.number(1, 12)};
  };
  kernel::ArithmeticInt8 q;
  q.factor_a = q.factor_b = {1 << 30, 0};
  if (random.one_in(3)) {
    q.factor_a = factor();
  } else if (random.one_in(2)) {
    q.factor_b = factor();
  }
  const fast::Pairing pairings[] = {fast::Pairing::sum,        fast::Pairing::sum,
                                    fast::Pairing::difference, fast::Pairing::product,
                                    fast::Pairing::maximum,    fast::Pairing::minimum};
  const auto pairing = pairings[random.number(0, 5)];
  const bool is_product = pairing == fast::Pairing::product;
  q.factor_output = {random.number(1 << 30, 2'147'483'647),
                     is_product ? -random.number(2, 9) : -random.number(12, 22)};
  if (random.one_in(8)) q.factor_output.shift = -random.number(0, 31);
  q.offset_a = -random.zero_point();
  q.offset_b = -random.zero_point();
  q.output_offset = random.zero_point();
  q.range = random.range();
  const bool compares = pairing == fast::Pairing::maximum || pairing == fast::Pairing::minimum;
  if (compares) q.offset_a = q.offset_b = -q.output_offset;
  const auto a = random.values(s.elements());
  auto b = random.values(s.elements());
  const bool constant = random.one_in(3);
  const auto line = static_cast<std::size_t>(s.w) * s.c;
  const auto channels = static_cast<std::size_t>(s.c);
  const bool repeats = !constant && random.one_in(3);
  if (repeats) {  // one pixel for all
    for (std::size_t i = channels; i < b.size(); ++i) b[i] = b[i - channels];
  }
  if (constant && random.one_in(2)) {  // all lines alike
    for (std::size_t i = line; i < b.size(); ++i) b[i] = b[i - line];
  }
  const Layout left{s, 0, 1, random.number(0, 1), 0};
  const Layout right = constant ? Layout{s} : Layout{s, random.number(0, 1), 0, 0, 1};
  Output out(k, s, q.output_offset);
  auto packed =
      pack_addition(k,
                    {pairing, q.factor_a, q.factor_b, q.factor_output, -q.offset_a, -q.offset_b,
                     q.output_offset, q.range},
                    left, right, out.layout, constant ? b.data() : nullptr, repeats ? s.c : 0);
  if (!packed) return {};
  ++taken;
  const auto left_elements = elements_of(k, left, -q.offset_a, a);
  const auto right_elements = elements_of(k, right, -q.offset_b, b);
  packed->task.left = left_elements.data();
  packed->task.right = constant || repeats ? packed->constant.data() : right_elements.data();
  if (repeats) repeat_right(k, *packed, b.data());
  packed->task.output = out.buffer.data();
  run_in_parts(random, k.addition, packed->task, static_cast<std::int32_t>(packed->places.size()),
               1);
  kernel::Broadcast same;
  const std::int32_t extents[] = {s.n, s.h, s.w, s.c};
  std::size_t step = 1;
  for (std::size_t i = 0; i < 4; ++i) {
    const auto at = kernel::Broadcast::rank - 1 - i;
    same.extent[at] = extents[3 - i];
    same.step_a[at] = same.step_b[at] = step;
    step *= static_cast<std::size_t>(extents[3 - i]);
  }
  std::vector<std::int8_t> expected(s.elements());
  switch (pairing) {
    case fast::Pairing::sum: kernel::add(same, q, a.data(), b.data(), expected.data()); break;
    case fast::Pairing::difference:
      kernel::sub(same, q, a.data(), b.data(), expected.data());
      break;
    case fast::Pairing::product: kernel::mul(same, q, a.data(), b.data(), expected.data()); break;
    default:
      kernel::extreme(pairing == fast::Pairing::maximum, same, a.data(), b.data(), expected.data());
  }
  std::ostringstream text;
  const auto what = out.difference(expected);
  if (!what.empty()) text << "seed " << seed << ": " << what;
  return text.str();
}

std::string pool_case(const Kernels& k, std::uint32_t seed) {
  Random random(seed);
  kernel::PoolShape s;
  s.input.n = s.output.n = random.number(1, 2);
  do {
    s.window = random_window(random, s.input, s.output);
  } while (s.window.dilation_h != 1);
  s.input.c = s.output.c = random.number(1, 70);
  const auto range = random.range();
  const auto zero = random.zero_point();
  const auto input = random.values(s.input.elements());
  Layout from{s.input};
  from.left = random.number(0, 2);
  Output out(k, s.output, zero);
  const bool maximum = random.one_in(2);
  auto packed = pack_pool(k, s, maximum, range, zero, zero, from, out.layout);
  ++taken;
  const auto elements = elements_of(k, from, zero, input);
  packed.task.input = elements.data();
  packed.task.output = out.buffer.data();
  run_in_parts(random, k.pool, packed.task, static_cast<std::int32_t>(packed.windows.starts.size()),
               1);
  std::vector<std::int8_t> expected(s.output.elements());
  if (maximum) {
    kernel::max_pool_2d(s, range, input.data(), expected.data());
  } else {
    kernel::average_pool_2d(s, range, input.data(), expected.data());
  }
  std::ostringstream text;
  const auto what = out.difference(expected);
  if (!what.empty()) text << "seed " << seed << ": " << what;
  return text.str();
}

std::string all_cases(const Kernels& k, std::uint32_t count) {
  using Case = std::string (*)(const Kernels&, std::uint32_t);
  struct Kind {
    const char* name;
    Case run;
  };
  const Kind kinds[] = {{"convolution", convolution_case},
                        {"convolution by Winograd", winograd_case},
                        {"depthwise convolution", depthwise_case},
                        {"fully connected", dense_case},
                        {"addition", addition_case},
                        {"average pool", pool_case},
                        {"float32 convolution", real_convolution_case},
                        {"float32 depthwise convolution", real_depthwise_case},
                        {"float32 pool", real_pool_case},
                        {"dense values", value_case}};
  for (const auto& kind : kinds) {
    for (std::uint32_t seed = 0; seed < count; ++seed) {
      const auto what = kind.run(k, seed);
      if (!what.empty()) return std::string(kind.name) + ", " + what;
    }
  }
  return {};
}

void count_case() { ++taken; }

std::uint32_t cases_taken() { return taken; }

}  // namespace aiot::test
