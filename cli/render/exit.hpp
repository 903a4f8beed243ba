#pragma once

#include <span>
#include <string_view>

#include "render/renderer.hpp"

namespace aiot::cli::render {

/// How many devices have a failure; one may have several. A failure of no device counts as one.
std::size_t failed_devices(const Outcome& outcome);

/// The exit code of each condition.
int exit_code(Condition condition);

/// The exit code of an outcome. Nothing failed: 0. A signal came: 130 or 143. One device failed:
/// its first failure's code; all, for one kind of reason: that kind's. Some of several failed: 10.
int exit_code(const Outcome& outcome, int signal_exit);

struct ExitMeaning {
  int code;
  std::string_view meaning;
};
/// Every exit code there is, sorted.
std::span<const ExitMeaning> exit_meanings();

}  // namespace aiot::cli::render
