#pragma once

#include "render/schema.hpp"

namespace aiot::cli::render {

/// What the commands that look at files print; lib/image/describe.hpp fills the fields.
Schema convert_schema();
Schema image_schema();
Schema merge_schema();

}  // namespace aiot::cli::render
