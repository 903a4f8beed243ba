#pragma once

#include <string>
#include <vector>

#include "context.hpp"

namespace aiot::cli::command {

/// The bytes of files; "-" is standard input, once. Each at most 256 MiB.
Result<std::vector<Bytes>> read_inputs(const Context& context,
                                       const std::vector<std::string>& files);

/// Writes one file for each of `outputs`; "-" is standard output, once, and not beside JSON. Fewer
/// files than outputs leave the last ones out; more are an error. Nothing in a dry run.
Result<void> write_outputs(const Context& context, const std::vector<std::string>& files,
                           const std::vector<Bytes>& outputs);

}  // namespace aiot::cli::command
