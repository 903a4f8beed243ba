#include "inference/fast/step.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <numeric>

#include "inference/kernel/exponential.hpp"
#include "inference/prepare/prepare.hpp"

namespace aiot::inference::fast {
namespace {

using Made = Result<std::optional<Step>>;
const std::optional<Step> none;

/// Kernels count in 32 bits.
bool is_countable(std::size_t count) { return count < (std::size_t{1} << 31); }
std::int32_t counted(std::size_t count) { return static_cast<std::int32_t>(count); }

Made look_up(const Kernels& kernels, const Node& node) {
  AIOT_TRY(auto p, prepare_lookup(node));
  if (!is_countable(p.count)) return none;
  return std::optional(Step([&kernels, p](const Places& at) {
    kernels.values.look_up(p.table.data(), at.in<std::uint8_t>(p.input),
                           at.out<std::uint8_t>(p.output), counted(p.count));
  }));
}

Made quantize(const Kernels& kernels, const Node& node) {
  AIOT_TRY(const auto* input, node.input(0));
  AIOT_TRY(const auto* output, node.output());
  const auto is_byte = [](Type type) { return type == Type::int8 || type == Type::uint8; };
  if (is_byte(input->type) && is_byte(output->type)) return look_up(kernels, node);
  const bool to_bytes = input->type == Type::float32 && output->type == Type::int8;
  const bool from_bytes = input->type == Type::int8 && output->type == Type::float32;
  if (!to_bytes && !from_bytes) return none;
  AIOT_TRY(const auto p, prepare_quantize(node));
  if (!is_countable(p.count)) return none;
  return std::optional(Step([&kernels, p](const Places& at) {
    if (p.from == Type::float32) {
      kernels.values.quantize(p.scale, p.zero_point, at.in<float>(p.input),
                              at.out<std::int8_t>(p.output), counted(p.count));
    } else {
      kernels.values.dequantize(p.scale, p.zero_point, at.in<std::int8_t>(p.input),
                                at.out<float>(p.output), counted(p.count));
    }
  }));
}

/// A mean over everything but the innermost values, which are averaged side by side.
struct LineMean {
  Mean mean;
  std::int32_t line = 1;  ///< values side by side
  int kept = 0;           ///< the dimension that they are

  /// nullopt when values side by side are averaged with one another.
  static std::optional<LineMean> of(const Mean& mean) {
    constexpr int rank = kernel::MeanShape::rank;
    for (int d = rank - 1; d >= 0; --d) {
      if (mean.shape.kept_extent[d] == 1) continue;
      if (mean.shape.kept_step[d] != 1) return std::nullopt;
      return LineMean{mean, mean.shape.kept_extent[d], d};
    }
    return std::nullopt;
  }

  /// Calls `begin()`, then `add(offset, lines, stride)` for all that is summed, then `finish()`,
  /// for each line of the output.
  template <class Begin, class Add, class Finish>
  void each(const Begin& begin, const Add& add, const Finish& finish) const {
    constexpr int rank = kernel::MeanShape::rank;
    const auto& s = mean.shape;
    int last = rank - 1;  // the innermost dimension that is reduced
    while (last > 0 && s.reduced_extent[last] == 1) --last;
    std::int32_t outer[rank] = {};
    for (;;) {
      std::size_t first = 0;
      for (int d = 0; d < kept; ++d) first += outer[d] * s.kept_step[d];
      begin();
      std::int32_t inner[rank] = {};
      for (;;) {
        std::size_t offset = first;
        for (int d = 0; d < last; ++d) offset += inner[d] * s.reduced_step[d];
        add(offset, s.reduced_extent[last], static_cast<std::ptrdiff_t>(s.reduced_step[last]));
        int d = last - 1;
        while (d >= 0 && ++inner[d] == s.reduced_extent[d]) inner[d--] = 0;
        if (d < 0) break;
      }
      finish();
      int d = kept - 1;
      while (d >= 0 && ++outer[d] == s.kept_extent[d]) outer[d--] = 0;
      if (d < 0) return;
    }
  }
};

constexpr std::size_t behind = 16;  // values of the widest vector

template <class T, class Add>
void sum_lines(const LineMean& m, std::vector<T>& sums, const Add& add_lines, const auto& finish) {
  m.each([&] { std::fill(sums.begin(), sums.end(), T{}); },
         [&](std::size_t offset, std::int32_t lines, std::ptrdiff_t stride) {
           add_lines(offset, lines, stride, sums.data());
         },
         finish);
}

Made mean(const Kernels& kernels, const Node& node) {
  AIOT_TRY(const auto p, prepare_mean(node));
  if (p.type != Type::int8 && p.type != Type::float32) return none;
  const auto lines = LineMean::of(p);
  AIOT_TRY(const auto* input, node.input(0));
  if (!lines || input->is_constant() || p.code == Code::reduce_max || p.code == Code::reduce_min) {
    return none;
  }
  const auto room = static_cast<std::size_t>(lines->line) + behind;
  if (p.type == Type::int8) {
    return std::optional(Step([&kernels, m = *lines,
                               sums = std::vector<std::int32_t>(room)](const Places& at) mutable {
      const auto& of = m.mean;
      const auto* from = at.in<std::int8_t>(of.input);
      auto* to = at.out<std::int8_t>(of.output);
      sum_lines(
          m, sums,
          [&](std::size_t offset, std::int32_t count, std::ptrdiff_t stride, std::int32_t* into) {
            kernels.values.add_lines(from + offset, count, stride, into, m.line);
          },
          [&] {
            const auto& q = of.quantized;
            for (std::int32_t i = 0; i < m.line; ++i) {
              const auto value =
                  kernel::multiply(sums[i] - q.input_zero_point * of.shape.count, q.factor);
              *to++ = kernel::to_int8(kernel::wrapping_add(value, q.output_zero_point));
            }
          });
    }));
  }
  return std::optional(
      Step([&kernels, m = *lines, sums = std::vector<float>(room)](const Places& at) mutable {
        const auto& of = m.mean;
        const auto* from = at.in<float>(of.input);
        auto* to = at.out<float>(of.output);
        sum_lines(
            m, sums,
            [&](std::size_t offset, std::int32_t count, std::ptrdiff_t stride, float* into) {
              kernels.values.add_real_lines(from + offset, count, stride, into, m.line);
            },
            [&] {
              const auto divisor = static_cast<float>(of.shape.count);
              for (std::int32_t i = 0; i < m.line; ++i) {
                *to++ = of.code == Code::sum ? sums[i] : sums[i] / divisor;
              }
            });
      }));
}

Made resize(const Kernels& kernels, const Node& node) {
  AIOT_TRY(const auto p, prepare_resize(node));
  AIOT_TRY(const auto* input, node.input(0));
  if (p.type != Type::int8 || !p.bilinear || input->is_constant()) return none;
  const auto& s = p.shape;
  std::vector<kernel::FixedBetween> lines, columns;
  for (std::int32_t y = 0; y < s.output.h; ++y) lines.push_back(kernel::line_of(s, y));
  for (std::int32_t x = 0; x < s.output.w; ++x) columns.push_back(kernel::column_of(s, x));
  // Four values by their weights stay within 32 bits.
  const auto is_narrow = [](const kernel::FixedBetween& b) {
    return b.part >= -900 && b.part <= 1900;
  };
  if (!std::ranges::all_of(lines, is_narrow) || !std::ranges::all_of(columns, is_narrow)) {
    return none;
  }
  return std::optional(Step([&kernels, p, lines = std::move(lines),
                             columns = std::move(columns)](const Places& at) {
    constexpr std::int32_t one = 1 << 10;
    const auto& image = p.shape;
    const auto* from = at.in<std::int8_t>(p.input);
    auto* to = at.out<std::int8_t>(p.output);
    for (std::int32_t n = 0; n < image.output.n; ++n) {
      for (const auto& y : lines) {
        for (const auto& x : columns) {
          const std::int8_t* const corners[4] = {from + image.input.at(n, y.first, x.first, 0),
                                                 from + image.input.at(n, y.second, x.first, 0),
                                                 from + image.input.at(n, y.first, x.second, 0),
                                                 from + image.input.at(n, y.second, x.second, 0)};
          const std::int32_t weights[4] = {(one - y.part) * (one - x.part), y.part * (one - x.part),
                                           (one - y.part) * x.part, y.part * x.part};
          kernels.values.mix(corners, weights, to, image.output.c);
          to += image.output.c;
        }
      }
    }
  }));
}

/// Int8 softmax by what each of the 256 differences to the largest gives.
struct SoftmaxTable {
  std::array<std::int32_t, 256> exp{};  ///< Q0, by the difference, turned positive
  std::array<std::int32_t, 256> add{};  ///< Q12; 0 for what does not count
  std::int32_t most = 0;                ///< the largest difference that counts

  explicit SoftmaxTable(const kernel::SoftmaxInt8& q) : most(std::min(-q.least_difference, 255)) {
    for (std::int32_t d = 0; d <= most; ++d) {
      const auto at = static_cast<std::size_t>(d);
      exp[at] = kernel::exp_of_negative(kernel::multiply(-d, q.beta), 5);
      add[at] = kernel::divide_by_power_of_two(exp[at], 12);
    }
  }

  void row(std::int32_t depth, const std::int8_t* input, std::int8_t* output) const {
    const std::int32_t largest = *std::max_element(input, input + depth);
    std::int32_t sum = 0;
    for (std::int32_t i = 0; i < depth; ++i) {
      sum = kernel::wrapping_add(sum, add[static_cast<std::size_t>(largest - input[i])]);
    }
    const int headroom = std::countl_zero(static_cast<std::uint32_t>(sum));
    const auto over_one =
        static_cast<std::int32_t>((static_cast<std::uint32_t>(sum) << headroom) - (1U << 31));
    const auto reciprocal = kernel::one_over_one_plus(over_one);
    const int exponent = 12 - headroom + 31 - 8;
    const auto result = [&](std::int32_t d) {
      if (d > most || exponent > 31) return std::int8_t{-128};
      const auto share = kernel::divide_by_power_of_two(
          kernel::high_multiply(reciprocal, exp[static_cast<std::size_t>(d)]), exponent);
      return kernel::to_int8(share - 128);
    };
    if (depth <= 256) {
      for (std::int32_t i = 0; i < depth; ++i) output[i] = result(largest - input[i]);
      return;
    }
    std::array<std::int8_t, 256> results;
    for (std::int32_t d = 0; d < 256; ++d) results[static_cast<std::size_t>(d)] = result(d);
    for (std::int32_t i = 0; i < depth; ++i) {
      output[i] = results[static_cast<std::size_t>(largest - input[i])];
    }
  }
};

Made softmax(const Node& node) {
  AIOT_TRY(const auto p, prepare_softmax(node));
  if (p.type != Type::int8 || p.to_int16 || p.quantized.least_difference > 0) return none;
  return std::optional(Step([p, table = SoftmaxTable(p.quantized)](const Places& at) {
    const auto* from = at.in<std::int8_t>(p.input);
    auto* to = at.out<std::int8_t>(p.output);
    for (std::int32_t row = 0; row < p.rows; ++row, from += p.depth, to += p.depth) {
      table.row(p.depth, from, to);
    }
  }));
}

template <class T>
void run_svdf(const Kernels& kernels, const Svdf& p, const std::vector<std::int32_t>& weight_sums,
              const Places& at) {
  const auto& s = p.shape;
  const auto& q = p.quantized;
  const auto* input = at.in<std::int8_t>(p.input);
  const auto* bias = at.in<std::int32_t>(p.bias);
  auto* state = reinterpret_cast<T*>(at.variables->at(p.state));
  auto* output = at.out<std::int8_t>(p.output);
  for (std::int32_t batch = 0; batch < s.batches; ++batch, input += s.inputs) {
    const auto* weights = at.in<std::int8_t>(p.weights);
    const auto* by_time = at.in<T>(p.time_weights);
    for (std::int32_t filter = 0, unit = 0; filter < s.filters; ++unit) {
      std::int32_t sum = bias == nullptr ? 0 : bias[unit];
      for (std::int32_t i = 0; i < s.rank; ++i, ++filter, weights += s.inputs) {
        const auto product = kernels.values.dot(weights, input, s.inputs) +
                             q.input_offset * weight_sums[static_cast<std::size_t>(filter)];
        const auto newest = kernel::clamp<std::int32_t>(kernel::multiply(product, q.to_state),
                                                        std::numeric_limits<T>::min(),
                                                        std::numeric_limits<T>::max());
        std::copy(state + 1, state + s.memory, state);
        state[s.memory - 1] = static_cast<T>(q.state_zero_point + newest);
        for (std::int32_t m = 0; m < s.memory; ++m) {
          sum = kernel::wrapping_add(sum, by_time[m] * (state[m] - q.state_zero_point));
        }
        state += s.memory;
        by_time += s.memory;
      }
      *output++ = kernel::to_int8(
          kernel::wrapping_add(kernel::multiply(sum, q.to_output), q.output_zero_point));
    }
  }
}

Made svdf(const Kernels& kernels, const Node& node) {
  AIOT_TRY(const auto p, prepare_svdf(node));
  AIOT_TRY(const auto* weights, node.input(1));
  if (!weights->is_constant() || p.shape.filters % p.shape.rank != 0) return none;
  // The weights' sums take the input's zero point off: known at the first run.
  return std::optional(Step([&kernels, p,
                             sums = std::vector<std::int32_t>()](const Places& at) mutable {
    const auto* weight = at.in<std::int8_t>(p.weights);
    for (auto filter = static_cast<std::int32_t>(sums.size()); filter < p.shape.filters; ++filter) {
      const auto* begin = weight + static_cast<std::size_t>(filter) * p.shape.inputs;
      sums.push_back(std::accumulate(begin, begin + p.shape.inputs, std::int32_t{0}));
    }
    if (p.state_type == Type::int8) {
      run_svdf<std::int8_t>(kernels, p, sums, at);
    } else {
      run_svdf<std::int16_t>(kernels, p, sums, at);
    }
  }));
}

/// float32 of two tensors of one shape, or of a tensor and one value.
template <class F>
Made real_pair(const Node& node, std::int32_t a, std::int32_t b, std::int32_t output, const F& f) {
  AIOT_TRY(const auto* to, node.output());
  AIOT_TRY(const auto* left, node.input(0));
  AIOT_TRY(const auto* right, node.input(1));
  const auto count = to->elements();
  const auto repeats = right->elements() == 1;
  if (left->elements() != count || (!repeats && right->elements() != count)) return none;
  return std::optional(Step([=](const Places& at) {
    const auto* x = at.in<float>(a);
    const auto* y = at.in<float>(b);
    auto* into = at.out<float>(output);
    if (repeats) {
      const float one = *y;
      for (std::size_t i = 0; i < count; ++i) into[i] = f(x[i], one);
    } else {
      for (std::size_t i = 0; i < count; ++i) into[i] = f(x[i], y[i]);
    }
  }));
}

Made arithmetic(const Node& node) {
  AIOT_TRY(const auto p, prepare_arithmetic(node));
  if (p.type != Type::float32) return none;
  const auto made = [&](const auto& f) {
    return real_pair(node, p.a, p.b, p.output, [f, range = p.range](float x, float y) {
      return kernel::clamp(f(x, y), range);
    });
  };
  switch (p.code) {
    case Code::add: return made([](float x, float y) { return x + y; });
    case Code::sub: return made([](float x, float y) { return x - y; });
    default: return made([](float x, float y) { return x * y; });
  }
}

Made extreme(const Node& node) {
  AIOT_TRY(const auto p, prepare_extreme(node));
  if (p.type != Type::float32) return none;
  const auto made = [&](const auto& f) { return real_pair(node, p.a, p.b, p.output, f); };
  if (p.maximum) return made([](float x, float y) { return x > y ? x : y; });
  return made([](float x, float y) { return x < y ? x : y; });
}

}  // namespace

Made make_fast_step(const Kernels& kernels, const Node& node) {
  AIOT_TRY(const bool works, has_work(node));
  if (!works) return none;
  switch (node.op().code) {
    case Code::logistic:
    case Code::tanh:
    case Code::hard_swish:
    case Code::relu:
    case Code::relu6:
    case Code::leaky_relu: {
      AIOT_TRY(const auto* input, node.input(0));
      if (input->type != Type::int8 || input->is_constant()) return none;
      return look_up(kernels, node);
    }
    case Code::quantize:
    case Code::dequantize: {
      AIOT_TRY(const auto* input, node.input(0));
      if (input->is_constant()) return none;
      return quantize(kernels, node);
    }
    case Code::mean:
    case Code::sum: return mean(kernels, node);
    case Code::resize_bilinear: return resize(kernels, node);
    case Code::softmax: return softmax(node);
    case Code::svdf: return svdf(kernels, node);
    case Code::add:
    case Code::sub:
    case Code::mul: return arithmetic(node);
    case Code::maximum:
    case Code::minimum: return extreme(node);
    default: return none;
  }
}

}  // namespace aiot::inference::fast
