#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace aiot::layers {

/// The names between <> or "" of each #include in `source`, brackets kept: `<vector>`,
/// `"aiot/x.hpp"`.
std::vector<std::string> includes_of(std::string_view source);

/// Why `file` (relative to the source tree, such as "lib/net/tcp.cpp") may not hold this include,
/// by the arrows of the design; "" when it may.
std::string violation(std::string_view file, std::string_view include);

}  // namespace aiot::layers
