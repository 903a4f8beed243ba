#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "aiot/bytes.hpp"

/// The folder mlperf-tiny of AIOT_TEST_DATA: models/NAME.tflite, inputs/NAME.K.bin (random bytes)
/// and expected_ref/NAME.K.bin, the outputs of TensorFlow Lite Micro's reference kernels.
namespace aiot::test {

/// The whole file; nullopt (and a line "SKIP: …") when it is not on this machine.
std::optional<Bytes> mlperf_tiny(const std::string& relative_path);

/// The same for any file of the test data.
std::optional<Bytes> test_data(const std::string& relative_path);

}  // namespace aiot::test
