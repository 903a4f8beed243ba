#pragma once

#include "aiot/export.hpp"

namespace aiot {

/// The library's version, such as "0.1.0".
AIOT_API const char* version();

}  // namespace aiot
