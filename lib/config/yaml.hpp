#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aiot/error.hpp"
#include "aiot/result.hpp"

namespace aiot::config {

/// What can be wrong with the configuration; Condition::invalid_input where nothing else is said.
enum class Errc {
  unreadable = 1,
  too_large,
  syntax,
  unknown_key,
  duplicate_key,
  bad_value,
  foreign,             ///< ./aiot.yaml belongs to another user
  readable_by_others,  ///< a file of secrets is not its owner's alone (refused_security)
};
boost::system::error_code make_error_code(Errc e) noexcept;

}  // namespace aiot::config

template <>
struct boost::system::is_error_code_enum<aiot::config::Errc> : std::true_type {};

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

/// One `key: value` of a file; keys in sections are joined with dots.
struct Entry {
  std::string key;
  std::string value;
  int line = 0;  ///< from 1
};

/// The scalars of a YAML document of mappings. Reads the parser's events, so nothing is expanded:
/// anchors, aliases, lists, tags and sections within sections are Errc::syntax. `name` is the file
/// as the messages should call it.
Result<std::vector<Entry>> parse_yaml(std::string_view text, const std::string& name);

}  // namespace aiot::config
