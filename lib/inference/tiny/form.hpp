#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

/// How MLPerf Tiny's devices take an int8 model's input and score its output (th_load_tensor and
/// th_results of benchmark/reference_submissions, mlcommons/tiny). No heap, no exceptions: these
/// two files also build for a microcontroller.
namespace aiot::inference::tiny {

/// How uploaded bytes become values of the input.
enum class Input : std::uint8_t {
  stored,          ///< as the model stores them: keyword spotting, and models of one's own
  unsigned_bytes,  ///< 0 to 255, less 128: images
  floats,          ///< float32, quantised: anomaly detection
};

/// MAX_DB_INPUT_SIZE of the reference: a picture of 96 x 96 pixels, the largest of its inputs.
constexpr std::size_t most_upload_bytes = 96 * 96 * 3;

/// How real values are stored: real = scale * (stored - zero_point).
struct Scaling {
  float scale = 0;
  std::int32_t zero_point = 0;

  float real(std::int32_t stored) const { return static_cast<float>(stored - zero_point) * scale; }
};

/// What an element takes in an upload for an int8 input.
constexpr std::size_t upload_bytes_each(Input form) { return form == Input::floats ? 4 : 1; }

/// The float32 at this index of an upload, little-endian as all the protocol's devices are.
float float_at(std::span<const std::uint8_t> upload, std::size_t index);

/// Makes int8 values of an upload, which has upload_bytes_each() for each of them.
void take_int8(Input form, const Scaling& scaling, std::span<const std::uint8_t> upload,
               std::span<std::int8_t> values);

/// Anomaly detection's score: the mean square of output less input, summed in the order and the
/// width of the reference's calculate_result().
class MeanSquare {
 public:
  void add(float output, float input) {
    const float difference = output - input;
    sum_ += difference * difference;
    ++count_;
  }
  float value() const { return sum_ / static_cast<float>(count_); }

 private:
  float sum_ = 0;
  std::size_t count_ = 0;
};

}  // namespace aiot::inference::tiny
