#include "aiot/version.hpp"

namespace aiot {
const char* version() { return AIOT_VERSION; }
const char* commit() { return AIOT_COMMIT; }
}  // namespace aiot
