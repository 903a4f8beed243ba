#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "aiot/result.hpp"
#include "core/file.hpp"

namespace aiot::pair {

/// A file of what outlives a run: $XDG_STATE_HOME/aiotctl/NAME, or below ~/.local/state; "" where
/// neither variable is set.
std::string state_file_path(const std::string& name);
/// Mode 0600, whole or not at all. Errors when `path` is "".
Result<void> write_state_file(const std::string& path, const boost::json::object& content);
Error state_file_error(const file::error_code& error, const std::string& path);

}  // namespace aiot::pair
