#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "aiot/result.hpp"
#include "option.hpp"

namespace aiot::cli {

/// A command line after parsing. Options are looked up by their long name, "--output".
struct Arguments {
  const Command* command = nullptr;
  std::vector<std::string> path;   ///< "flash", "write"
  std::vector<std::string> items;  ///< positionals, in order
  std::map<std::string, std::vector<std::string>> options;

  bool has(const std::string& name) const { return options.contains(name); }
  /// The last value given.
  std::optional<std::string> get(const std::string& name) const;
  /// Every value given, in order; empty when not given.
  std::vector<std::string> all(const std::string& name) const;
  /// How often a flag was given.
  std::size_t count(const std::string& name) const { return all(name).size(); }
};

/// Splits a command line (without the program's name) by the tree under root_command(). Global
/// options are taken anywhere; `_` in a long option means `-`; a choice is given back by its
/// canonical name. Fails with Condition::usage; the number of positionals is not checked when
/// --help is there.
Result<Arguments> parse(const std::vector<std::string>& args);

/// "aiotctl flash write"
std::string spelled(const std::vector<std::string>& path);

}  // namespace aiot::cli
