#pragma once

#include <string>

#include "inference/kernel/kernels.hpp"

/// The kernels' parameters as C++ initialisers.
namespace aiot::firmware {

std::string initialiser(inference::kernel::Range<std::int32_t> range);
std::string initialiser(const inference::kernel::Factor& factor);
std::string initialiser(const inference::kernel::ConvShape& shape);
std::string initialiser(const inference::kernel::MatrixShape& shape);
std::string initialiser(const inference::kernel::PoolShape& shape);
std::string initialiser(const inference::kernel::Broadcast& shape);
std::string initialiser(const inference::kernel::ArithmeticInt8& quantized);
std::string initialiser(const inference::kernel::SoftmaxInt8& quantized);

}  // namespace aiot::firmware
