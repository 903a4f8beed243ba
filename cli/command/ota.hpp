#pragma once

#include "option.hpp"

/// The verbs of `aiotctl ota`, each in the file of its name.
namespace aiot::cli::command {

Command ota_add();
Command ota_confirm();
Command ota_init();
Command ota_install();
Command ota_key();
Command ota_keygen();
Command ota_push();
Command ota_smp();
Command ota_refresh();
Command ota_sign();
Command ota_slot();
Command ota_status();
Command ota_serve();
Command ota_verify();

/// --ca and --fingerprint: whom to trust as a server.
std::vector<Option> server_options();
/// --state
Option state_option();

}  // namespace aiot::cli::command
