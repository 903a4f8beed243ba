#pragma once

#include <vector>

#include "aiot/bench_device.hpp"
#include "context.hpp"
#include "option.hpp"

namespace aiot::cli::command {

std::vector<Option> bench_device_options();
/// What the options ask for.
Result<bench::DeviceRequest> bench_device_request(const Context& context);

}  // namespace aiot::cli::command
