#pragma once

#include <string_view>

#include "aiot/result.hpp"
#include "aiot/value.hpp"
#include "image/errors.hpp"

namespace aiot::image {

/// Reads a configuration in the syntax of libconfig ("Configuration File Grammar" of its manual),
/// without @include. Groups become objects; lists and arrays, arrays. At most 32 levels and 65,536
/// settings. Errc::bad_bundle names the line.
Result<Object> parse_libconfig(std::string_view text);

}  // namespace aiot::image
