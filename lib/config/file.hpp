#pragma once

#include <optional>
#include <string>

#include "aiot/result.hpp"

namespace aiot::config {

/// How far a configuration file is trusted.
enum class Trust {
  named,    ///< the user named it: it must exist, and may be a pipe
  usual,    ///< in a folder of the user or the system
  own_only  ///< in the working directory: Errc::foreign unless this user or root owns it
};

/// The contents of a configuration file; nullopt when there is none at `path`. At most 256 KiB.
Result<std::optional<std::string>> read_file(const std::string& path, Trust trust);

/// The contents of a file of keys or passwords: a file or pipe that only its owner may read or
/// write (mode 0600 or less); Errc::readable_by_others (Condition::refused_security) for another.
/// At most 256 KiB.
Result<std::string> read_secret_file(const std::string& path);

}  // namespace aiot::config
