#include "inference/kernel/lstm.hpp"

#include <cmath>
#include <cstring>

namespace aiot::inference::kernel {
namespace {

/// 1 / (1 + exp(-i / 24)) in Q0 with 16 bits, as tensorflow/lite/kernels/internal/common.h has it
/// (tflite-micro 90b983c): some entries are one above the nearest number.
constexpr int table_size = 256;
constexpr std::uint16_t table[table_size] = {
    32768, 33451, 34133, 34813, 35493, 36169, 36843, 37513, 38180, 38841, 39498, 40149, 40794,
    41432, 42064, 42688, 43304, 43912, 44511, 45102, 45683, 46255, 46817, 47369, 47911, 48443,
    48964, 49475, 49975, 50464, 50942, 51409, 51865, 52311, 52745, 53169, 53581, 53983, 54374,
    54755, 55125, 55485, 55834, 56174, 56503, 56823, 57133, 57433, 57724, 58007, 58280, 58544,
    58800, 59048, 59288, 59519, 59743, 59959, 60168, 60370, 60565, 60753, 60935, 61110, 61279,
    61441, 61599, 61750, 61896, 62036, 62172, 62302, 62428, 62549, 62666, 62778, 62886, 62990,
    63090, 63186, 63279, 63368, 63454, 63536, 63615, 63691, 63765, 63835, 63903, 63968, 64030,
    64090, 64148, 64204, 64257, 64308, 64357, 64405, 64450, 64494, 64536, 64576, 64614, 64652,
    64687, 64721, 64754, 64786, 64816, 64845, 64873, 64900, 64926, 64950, 64974, 64997, 65019,
    65039, 65060, 65079, 65097, 65115, 65132, 65149, 65164, 65179, 65194, 65208, 65221, 65234,
    65246, 65258, 65269, 65280, 65291, 65301, 65310, 65319, 65328, 65337, 65345, 65352, 65360,
    65367, 65374, 65381, 65387, 65393, 65399, 65404, 65410, 65415, 65420, 65425, 65429, 65433,
    65438, 65442, 65445, 65449, 65453, 65456, 65459, 65462, 65465, 65468, 65471, 65474, 65476,
    65479, 65481, 65483, 65485, 65488, 65489, 65491, 65493, 65495, 65497, 65498, 65500, 65501,
    65503, 65504, 65505, 65507, 65508, 65509, 65510, 65511, 65512, 65513, 65514, 65515, 65516,
    65517, 65517, 65518, 65519, 65520, 65520, 65521, 65522, 65522, 65523, 65523, 65524, 65524,
    65525, 65525, 65526, 65526, 65526, 65527, 65527, 65528, 65528, 65528, 65529, 65529, 65529,
    65529, 65530, 65530, 65530, 65530, 65531, 65531, 65531, 65531, 65531, 65532, 65532, 65532,
    65532, 65532, 65532, 65533, 65533, 65533, 65533, 65533, 65533, 65533, 65533, 65534, 65534,
    65534, 65534, 65534, 65534, 65534, 65534, 65534, 65534, 65535,
};

std::int16_t saturated(std::int32_t value) {
  return static_cast<std::int16_t>(clamp<std::int32_t>(value, -32'768, 32'767));
}

/// |value| as a place in the table with `bits` between two entries, and the table's value there
/// with as many bits more.
std::uint32_t interpolate(std::uint32_t magnitude, int bits, std::uint32_t most) {
  const auto index = magnitude >> bits;
  if (index >= table_size - 1) return most;
  const std::uint32_t low = table[index];
  const std::uint32_t high = table[index + 1];
  return (low << bits) + (magnitude & ((1U << bits) - 1)) * (high - low);
}

std::int32_t scaled(TableScale scale, std::int16_t value) {
  const std::int32_t round = scale.shift > 0 ? 1 << (scale.shift - 1) : 0;
  return (value * scale.multiplier + round) >> scale.shift;
}

std::uint32_t magnitude_of(std::int32_t value) {
  return static_cast<std::uint32_t>(value < 0 ? -value : value);
}

/// Goes through the sequence of each batch: `step(input, hidden, cell, output)` computes one.
template <class T, class Cell, class Step>
void each_step(const LstmShape& s, const T* input, T* hidden, Cell* cell, T* output,
               const Step& step) {
  for (std::int32_t batch = 0; batch < s.batches; ++batch, hidden += s.units, cell += s.units) {
    for (std::int32_t time = 0; time < s.steps; ++time) {
      const auto at = s.time_major ? static_cast<std::size_t>(time) * s.batches + batch
                                   : static_cast<std::size_t>(batch) * s.steps + time;
      auto* result = output + at * s.units;
      step(input + at * s.inputs, hidden, cell, result);
      std::memcpy(hidden, result, static_cast<std::size_t>(s.units) * sizeof(T));
    }
  }
}

std::int32_t requantized(std::int32_t sum, Factor factor) { return multiply(sum, factor); }
std::int32_t requantized(std::int64_t sum, Factor factor) { return multiply_wide(sum, factor); }

std::int32_t plus(std::int32_t sum, std::int32_t product) { return wrapping_add(sum, product); }
std::int64_t plus(std::int64_t sum, std::int64_t product) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(sum) +
                                   static_cast<std::uint64_t>(product));
}

template <class T, class Bias>
void integer_lstm(const LstmShape& s, const LstmQuantized& q,
                  const LstmWeights<std::int8_t, Bias>& w, const T* input, T* hidden,
                  std::int16_t* cell, T* output) {
  const auto dot = [](const std::int8_t* weight, const T* value, std::int32_t count,
                      std::int32_t offset) {
    Bias sum = 0;
    for (std::int32_t i = 0; i < count; ++i)
      sum = plus(sum, static_cast<Bias>(weight[i] * (value[i] + offset)));
    return sum;
  };
  // What a gate's function is applied to.
  const auto gate = [&](int g, std::int32_t unit, const T* in, const T* last) {
    auto of_input =
        dot(w.input[g] + static_cast<std::size_t>(unit) * s.inputs, in, s.inputs, q.input_offset);
    of_input = plus(of_input, w.bias[g][unit]);
    const auto of_last = dot(w.recurrent[g] + static_cast<std::size_t>(unit) * s.units, last,
                             s.units, q.recurrent_offset);
    return saturated(saturated(requantized(of_input, q.gates[g].input)) +
                     saturated(requantized(of_last, q.gates[g].recurrent)));
  };
  const TableScale q3;
  each_step(s, input, hidden, cell, output,
            [&](const T* in, const T* last, std::int16_t* state, T* result) {
              for (std::int32_t u = 0; u < s.units; ++u) {
                const auto forget = logistic(q3, gate(1, u, in, last));
                const auto take = logistic(q3, gate(0, u, in, last));
                const auto candidate = tanh(q3, gate(2, u, in, last));
                const auto kept = saturated(multiply(forget * state[u], q.forget));
                const auto added = saturated(multiply(take * candidate, q.candidate));
                state[u] = saturated(kept + added);
                if (q.cell_clip > 0) {
                  state[u] = clamp(state[u], static_cast<std::int16_t>(-q.cell_clip), q.cell_clip);
                }
                const auto give = logistic(q3, gate(3, u, in, last));
                const auto value = multiply(tanh(q.cell_scale, state[u]) * give, q.output);
                result[u] =
                    static_cast<T>(clamp(wrapping_add(value, q.output_offset), q.output_range));
              }
            });
}

}  // namespace

std::int16_t logistic(TableScale scale, std::int16_t value) {
  constexpr int bits = 9;
  const auto at = scaled(scale, value);
  auto result = interpolate(magnitude_of(at), bits, 0x7fffU << 10);
  result = at >= 0 ? result + (1U << 9) : (1U << (16 + 9)) - result + (1U << 9) - 1;
  return static_cast<std::int16_t>(result >> 10);
}

std::int16_t tanh(TableScale scale, std::int16_t value) {
  constexpr int bits = 8;  // twice the argument
  const auto at = scaled(scale, value);
  const auto sigmoid = static_cast<std::int32_t>(interpolate(magnitude_of(at), bits, 0xffffU << 8));
  constexpr std::int32_t half = 1 << (14 + 9);
  constexpr std::int32_t round = 1 << 7;
  const auto result = at >= 0 ? sigmoid - half + round : half - sigmoid + round - 1;
  return static_cast<std::int16_t>(result >> 8);
}

void lstm(const LstmShape& shape, const LstmQuantized& quantized,
          const LstmWeights<std::int8_t, std::int32_t>& weights, const std::int8_t* input,
          std::int8_t* hidden, std::int16_t* cell, std::int8_t* output) {
  integer_lstm(shape, quantized, weights, input, hidden, cell, output);
}

void lstm(const LstmShape& shape, const LstmQuantized& quantized,
          const LstmWeights<std::int8_t, std::int64_t>& weights, const std::int16_t* input,
          std::int16_t* hidden, std::int16_t* cell, std::int16_t* output) {
  integer_lstm(shape, quantized, weights, input, hidden, cell, output);
}

void lstm(const LstmShape& s, float cell_clip, const LstmWeights<float, float>& w,
          const float* input, float* hidden, float* cell, float* output) {
  const auto finite = [](float value) {
    constexpr float most = std::numeric_limits<float>::max();
    return clamp(value, -most, most);
  };
  const auto dot = [](const float* weight, const float* value, std::int32_t count) {
    float sum = 0;
    for (std::int32_t i = 0; i < count; ++i) sum += weight[i] * value[i];
    return sum;
  };
  const auto gate = [&](int g, std::int32_t unit, const float* in, const float* last) {
    const auto of_input = dot(w.input[g] + static_cast<std::size_t>(unit) * s.inputs, in, s.inputs);
    const auto of_last =
        dot(w.recurrent[g] + static_cast<std::size_t>(unit) * s.units, last, s.units);
    return finite(of_input + w.bias[g][unit]) + finite(of_last);
  };
  const auto sigmoid = [](float x) {
    apply(Function::logistic, 0, 1, &x, &x);
    return x;
  };
  each_step(s, input, hidden, cell, output,
            [&](const float* in, const float* last, float* state, float* result) {
              for (std::int32_t u = 0; u < s.units; ++u) {
                const float forget = sigmoid(gate(1, u, in, last));
                const float take = sigmoid(gate(0, u, in, last));
                const float candidate = std::tanh(gate(2, u, in, last));
                state[u] = finite(forget * state[u]) + finite(take * candidate);
                if (cell_clip > 0) state[u] = clamp(state[u], -cell_clip, cell_clip);
                const float give = sigmoid(gate(3, u, in, last));
                result[u] = finite(std::tanh(state[u]) * give);
              }
            });
}

}  // namespace aiot::inference::kernel
