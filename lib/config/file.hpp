#pragma once

#include <optional>
#include <string>

#include "aiot/result.hpp"

namespace aiot::config {

/// The contents of a configuration file; nullopt when there is none at `path`. Only `explicitly`
/// named files may be pipes. At most 256 KiB.
Result<std::optional<std::string>> read_file(const std::string& path, bool explicitly);

}  // namespace aiot::config
