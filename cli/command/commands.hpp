#pragma once

#include "option.hpp"

/// One function a command: its description, with the handler that runs it.
namespace aiot::cli::command {

Command bench();
Command discover();
Command doctor();
Command flash();
Command listen();
Command ota();
Command pair_devices();
Command sim();
Command config();
Command completion();
Command schema();
Command help();

}  // namespace aiot::cli::command
