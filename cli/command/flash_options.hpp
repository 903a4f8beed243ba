#pragma once

#include <string>
#include <vector>

#include "aiot/flash.hpp"
#include "context.hpp"

/// The options that the verbs of `flash` share, as data and as requests.
namespace aiot::cli::command {

/// Which devices: --each, --devices, --jobs.
std::vector<Option> device_options();
/// How to talk to them: --chip, --baud, --before, --after, …
std::vector<Option> session_options();
/// What to change in the boot loader's header: --flash-mode, --flash-freq, --flash-size.
std::vector<Option> header_options();
/// Which part of the flash: --partition, --offset, --size, --all.
std::vector<Option> region_options();

/// Lists one after another.
std::vector<Option> together(std::vector<std::vector<Option>> lists);

Result<flash::Session> make_session(const Context& context);
flash::HeaderPatch make_header(const Arguments& args);
/// `verb` is for the message when no part, or more than one, is named.
Result<flash::Region> make_region(const Arguments& args, const std::string& verb);

}  // namespace aiot::cli::command
