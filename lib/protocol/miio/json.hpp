#pragma once

#include <string>
#include <string_view>

#include "protocol/miio/error.hpp"

namespace aiot::miio {

/// What devices send instead of JSON, made JSON, outside of strings: commas that follow another
/// comma or an opening bracket, and numbers of zeros ("value":00). Everything else is kept.
std::string repaired_json(std::string_view text);

}  // namespace aiot::miio
