#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "environment.hpp"

namespace aiot::cli {

/// The whole program: parses `args` (without the program's name), runs the command, renders, and
/// gives the exit code.
int run(const std::vector<std::string>& args, std::istream& in, std::ostream& out,
        std::ostream& err, const Environment& environment);

/// What is printed when the process starts: the version needs nothing else.
/// `commit` is "" for a build from a source archive.
void print_version(std::ostream& out, std::string_view commit);

}  // namespace aiot::cli
