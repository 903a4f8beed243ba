#pragma once

#include <memory>
#include <stop_token>
#include <string>

namespace aiot::cli {

/// Standard input as it comes: blocks until there are bytes. "" at its end, and when `stop` is
/// requested.
std::string read_standard_input(const std::stop_token& stop);

/// Standard input's terminal takes keys one by one, without echo and without making signals of
/// them, while the returned object lives. Whatever ends the process puts its settings back, signals
/// and crashes too. nullptr when it is no terminal.
std::shared_ptr<void> raw_terminal();

/// Puts the settings back when raw_terminal() has changed them. Async-signal-safe.
void restore_terminal() noexcept;

}  // namespace aiot::cli
