#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "aiot/result.hpp"

namespace aiot::config {

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
