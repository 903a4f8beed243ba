#pragma once

#include <string>

#include "aiot/result.hpp"
#include "environment.hpp"
#include "option.hpp"

namespace aiot::cli::generate {

/// The completion script for "bash", "zsh" or "fish", made from the option data.
Result<std::string> completion(const std::string& shell, const Environment& environment);

std::string bash_completion(const Environment& environment);
std::string zsh_completion(const Environment& environment);
std::string fish_completion(const Environment& environment);

/// The fixed words that an option takes: its choices, or what the library offers by name.
std::vector<std::string> words_of(const Option& option, const Environment& environment);
std::vector<std::string> words_of(const Positional& positional, const Environment& environment);

/// One command with its path, depth first: {}, {"flash"}, {"flash","write"} …
struct Node {
  std::vector<std::string> path;
  const Command* command;
};
std::vector<Node> all_commands();

}  // namespace aiot::cli::generate
