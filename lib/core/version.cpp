#include "aiot/version.hpp"

namespace aiot {
const char* version() { return AIOT_VERSION; }
}  // namespace aiot
