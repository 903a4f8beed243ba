#pragma once

#include <cstdint>
#include <string>

#include "inference/fast/tasks.hpp"

/// Random operators, done by the kernels of an instruction set and by the portable ones: these must
/// give the same bytes. No test framework here, so that it also builds for another architecture.
namespace aiot::test {

/// One case of each; what it was when a byte differs (or a byte beside the output was written),
/// empty when it does not. The same seed is the same case everywhere.
std::string convolution_case(const inference::fast::Kernels& kernels, std::uint32_t seed);
std::string winograd_case(const inference::fast::Kernels& kernels, std::uint32_t seed);
std::string depthwise_case(const inference::fast::Kernels& kernels, std::uint32_t seed);
std::string dense_case(const inference::fast::Kernels& kernels, std::uint32_t seed);
std::string addition_case(const inference::fast::Kernels& kernels, std::uint32_t seed);
std::string pool_case(const inference::fast::Kernels& kernels, std::uint32_t seed);

std::string real_convolution_case(const inference::fast::Kernels& kernels, std::uint32_t seed);
std::string real_depthwise_case(const inference::fast::Kernels& kernels, std::uint32_t seed);
std::string real_pool_case(const inference::fast::Kernels& kernels, std::uint32_t seed);
/// Look-ups, conversions, sums of lines and interpolation.
std::string value_case(const inference::fast::Kernels& kernels, std::uint32_t seed);

/// `count` cases of each kind; the first that failed.
std::string all_cases(const inference::fast::Kernels& kernels, std::uint32_t count);

/// Cases that the fast kernels took since the program started: some are left to the portable ones.
std::uint32_t cases_taken();

}  // namespace aiot::test
