#pragma once

#include <string>
#include <string_view>

#include "aiot/result.hpp"

/// Files that a command writes. Errors: Errc::output_file.
namespace aiot::cli::command {

/// Writes a file whole or not at all: a script takes a file that is there for a result. A symbolic
/// link stays one; its target is replaced. Pipes and devices are written to directly.
Result<void> write_output(const std::string& path, std::string_view bytes);

/// Whether write_output() could write the file now, before long work; leaves nothing behind.
Result<void> check_output(const std::string& path);

}  // namespace aiot::cli::command
