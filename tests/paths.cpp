#include "paths.hpp"

namespace aiot::tests {

std::string source_dir() { return AIOT_SOURCE_DIR; }
std::string binary_dir() { return AIOT_BINARY_DIR; }

}  // namespace aiot::tests
