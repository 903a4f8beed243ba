#pragma once

#include <iosfwd>
#include <stop_token>
#include <string>

#include "option.hpp"
#include "environment.hpp"
#include "render/renderer.hpp"
#include "settings.hpp"

namespace aiot::cli {

/// What a command's handler works with.
struct Context {
  const Arguments& args;
  const Settings& settings;
  const Environment& environment;
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  render::Renderer& ui;

  /// The flag's value, else the configuration's.
  std::string setting(const std::string& flag, std::string_view key) const {
    return args.get(flag).value_or(settings.config.get(key).value);
  }
  /// Starts to watch for signals; the token is requested to stop by the first.
  std::stop_token stop() const {
    return environment.signals ? environment.signals->start() : std::stop_token();
  }
  /// Ends the command with an error that concerns no single device.
  int fail(Error error) const;
  /// Asks `question` on the terminal; fails with Condition::confirmation when it cannot or the
  /// answer is no. `--yes` and `--dry-run` answer.
  Result<void> confirm(const std::string& question) const;
};

}  // namespace aiot::cli
