#pragma once

#include "option.hpp"

/// The verbs of `aiotctl bench`, one function each.
namespace aiot::cli::command {

Command bench_run();
Command bench_device();

}  // namespace aiot::cli::command
