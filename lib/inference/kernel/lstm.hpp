#pragma once

#include "inference/kernel/kernels.hpp"

namespace aiot::inference::kernel {

/// A sequence of `steps` vectors of `inputs` values for each batch. `time_major`: the input is
/// [steps][batches][inputs] and the output [steps][batches][units], else batches come first.
struct LstmShape {
  std::int32_t batches = 1, steps = 1, inputs = 1, units = 1;
  bool time_major = false;
};

/// How int16 values reach the table of the logistic function, 24 entries for each 1: times
/// `multiplier`, divided by 2^shift.
struct TableScale {
  std::int32_t multiplier = 3;
  std::int32_t shift = 0;
};
/// LOGISTIC and TANH of an int16 value in Q3 (by the scale above); the result is in Q0.
std::int16_t logistic(TableScale scale, std::int16_t value);
std::int16_t tanh(TableScale scale, std::int16_t value);

/// The scales of one gate: both sums become int16 in Q3.
struct LstmGate {
  Factor input, recurrent;
};
/// The gates in the order of the operator's inputs: input, forget, cell, output.
struct LstmQuantized {
  LstmGate gates[4];
  std::int32_t input_offset = 0, recurrent_offset = 0;  ///< minus the zero points
  Factor forget, candidate, output;                     ///< of the products that make the states
  TableScale cell_scale;
  std::int16_t cell_clip = 0;  ///< 0: none
  std::int32_t output_offset = 0;
  Range<std::int32_t> output_range{-128, 127};
};

/// The weights [units][inputs] and [units][units], and the bias [units], of each gate.
template <class Weight, class Bias>
struct LstmWeights {
  const Weight* input[4] = {};
  const Weight* recurrent[4] = {};
  const Bias* bias[4] = {};
};

/// UNIDIRECTIONAL_SEQUENCE_LSTM without peepholes and projection. `hidden` and `cell` are
/// [batches][units] and are kept from one run to the next.
void lstm(const LstmShape& shape, const LstmQuantized& quantized,
          const LstmWeights<std::int8_t, std::int32_t>& weights, const std::int8_t* input,
          std::int8_t* hidden, std::int16_t* cell, std::int8_t* output);
void lstm(const LstmShape& shape, const LstmQuantized& quantized,
          const LstmWeights<std::int8_t, std::int64_t>& weights, const std::int16_t* input,
          std::int16_t* hidden, std::int16_t* cell, std::int16_t* output);
/// `cell_clip` <= 0: none.
void lstm(const LstmShape& shape, float cell_clip, const LstmWeights<float, float>& weights,
          const float* input, float* hidden, float* cell, float* output);

}  // namespace aiot::inference::kernel
