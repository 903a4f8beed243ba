#pragma once

#include "aiot/export.hpp"

namespace aiot {

/// The library's version, such as "0.1.0".
AIOT_API const char* version();
/// The commit that the library was built from, such as "460e59f3ab12", with "-modified" when files
/// differed; "" when it was built from a source archive.
AIOT_API const char* commit();

}  // namespace aiot
