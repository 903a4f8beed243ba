#pragma once

#include "render/schema.hpp"

namespace aiot::cli::render {

/// What the commands that look at files print; lib/image/firmware_explain.cpp fills the fields.
Schema convert_schema();
Schema image_schema();
Schema merge_schema();

}  // namespace aiot::cli::render
