#pragma once

#include <span>
#include <string>
#include <vector>

#include "aiot/address.hpp"
#include "context.hpp"

namespace aiot::cli::command {

/// The devices a command line names, and the words that follow them.
struct Targets {
  std::vector<Address> devices;
  std::vector<std::string> rest;
};

/// The options that name devices: --each, --devices, --jobs.
std::vector<Option> device_options();
/// Lists of options one after another.
std::vector<Option> together(std::vector<std::vector<Option>> lists);

/// True for `scheme:…`, /dev/… and other device nodes; a plain path is a file.
bool looks_like_address(const std::string& word);

/// Addresses come first, other words after. Adds those of --each and --devices, finds the one port
/// that a `usb:` address means, and refuses a device that is named twice, by whatever name.
/// `accepted`: the schemes this command takes.
Result<Targets> find_targets(const Context& context, std::span<const std::string_view> accepted);

}  // namespace aiot::cli::command
