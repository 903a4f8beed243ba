#pragma once

#include "option.hpp"

/// The verbs of `aiotctl ota`, each in the file of its name.
namespace aiot::cli::command {

Command ota_push();

}  // namespace aiot::cli::command
