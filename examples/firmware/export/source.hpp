#pragma once

#include <string>
#include <string_view>

#include "aiot/result.hpp"
#include "inference/model/model.hpp"

namespace aiot::firmware {

/// The C++ source of network.hpp for an int8 model with one input and one output: its constants,
/// the memory it computes in and a call of a kernel for each operator. `name` is what the device
/// calls the model; MLPerf Tiny's names ("vww01") also say what form an upload has and what is
/// printed, others take bytes as the model stores them. Errors are those of preparing an operator,
/// inference::Errc::unsupported_operator or unsupported_option for what this firmware does not
/// have, and too_large for what the board has no room for.
Result<std::string> source_of(const inference::Model& model, std::string_view name);

}  // namespace aiot::firmware
