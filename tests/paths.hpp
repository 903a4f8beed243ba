#pragma once

#include <string>

/// Where tests find what they read and may write: functions, so that no other file is compiled anew
/// (or missed by a compiler cache) because the tree lies elsewhere.
namespace aiot::tests {

std::string source_dir();  ///< of the project
std::string binary_dir();  ///< of its build

}  // namespace aiot::tests
