#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "environment.hpp"
#include "option.hpp"

namespace aiot::cli {

struct HelpStyle {
  std::size_t width = 80;
  bool color = false;
};

/// The width that help is folded to: the terminal's, between 40 and 100 columns.
std::size_t help_width(const Environment& environment);

/// "aiotctl flash write [OPTIONS] ADDRESS… IMAGE…"
std::string usage_line(const Command& command, const std::vector<std::string>& path);

/// "-o, --output FILE"
std::string option_spelling(const Option& option);

/// The option's help with its choices and default.
std::string option_help(const Option& option);

void print_help(std::ostream& out, const Command& command, const std::vector<std::string>& path,
                HelpStyle style);
/// The options that every command takes, of `aiotctl help options`.
void print_global_options(std::ostream& out, HelpStyle style);
/// The table of `aiotctl help exit-codes`.
void print_exit_codes(std::ostream& out, HelpStyle style);

}  // namespace aiot::cli
