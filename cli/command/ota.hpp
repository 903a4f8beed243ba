#pragma once

#include "option.hpp"

/// The verbs of `aiotctl ota`, each in the file of its name.
namespace aiot::cli::command {

Command ota_add();
Command ota_init();
Command ota_key();
Command ota_keygen();
Command ota_push();
Command ota_refresh();
Command ota_status();
Command ota_serve();

}  // namespace aiot::cli::command
