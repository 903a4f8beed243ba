#pragma once

#include <functional>
#include <iosfwd>
#include <string>

#include "aiot/result.hpp"
#include "context.hpp"

/// Lists of devices that are read line by line.
namespace aiot::cli::command {

constexpr std::size_t longest_line = 64 * 1024;

/// The next line without its line feed; false at the end. A line ends at `longest_line` bytes, too.
bool next_line(std::istream& in, std::string& line);

/// Whether the stream ended, and was not given up because nothing arrives. `name` as errors call
/// it.
Result<void> check_input(std::istream& in, const std::string& name);

/// Calls `read` with the stream of --devices and its name in errors: a file, a pipe, or standard
/// input for `-`. Errc::bad_device_list when it cannot be read.
Result<void> read_device_list(
    const Context& context, const std::string& file,
    const std::function<Result<void>(std::istream&, const std::string& name)>& read);

}  // namespace aiot::cli::command
