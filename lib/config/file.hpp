#pragma once

#include <optional>
#include <string>

#include "aiot/result.hpp"

namespace aiot::config {

/// The contents of a configuration file; nullopt when there is none at `path`. Only `explicitly`
/// named files may be pipes. At most 256 KiB.
Result<std::optional<std::string>> read_file(const std::string& path, bool explicitly);

/// The contents of a file of keys or passwords: a file or pipe that only its owner may read or
/// write (mode 0600 or less); Errc::readable_by_others (Condition::refused_security) for another.
/// At most 256 KiB.
Result<std::string> read_secret_file(const std::string& path);

}  // namespace aiot::config
