#pragma once

#include <string>
#include <vector>

#include "aiot/result.hpp"
#include "option.hpp"

namespace aiot::cli::command {

Command bench_run();
Command bench_device();

/// "0", "0,2", "0-3": CPUs by their numbers, each once, sorted.
Result<std::vector<unsigned>> parse_cpus(const std::string& text);

}  // namespace aiot::cli::command
