#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "aiot/result.hpp"

namespace aiot::cli {

/// What is typed in keyboard mode: everything goes to the device, but what follows the escape key
/// is for this program. No I/O.
class EscapeKeys {
 public:
  enum class Action { quit, help, clear, stamps, hex, unknown };
  struct Typed {
    std::string bytes;  ///< for the device
    std::vector<Action> actions;
  };

  explicit EscapeKeys(char escape) : escape_(escape) {}
  Typed type(std::string_view keys);

 private:
  char escape_;
  bool escaped_ = false;  // the escape key was the last
};

/// "ctrl-t" as the byte that the terminal sends. Errc::bad_value for what is no such key; ctrl-m
/// and the like, which other keys send too, are refused.
Result<char> parse_escape_key(const std::string& name);

/// What each key after the escape key does, a line each.
std::string keys_help(const std::string& escape_name);

}  // namespace aiot::cli
