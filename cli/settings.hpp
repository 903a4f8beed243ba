#pragma once

#include <chrono>
#include <string>

#include "aiot/config.hpp"
#include "option.hpp"
#include "environment.hpp"

namespace aiot::cli {

enum class Format { text, json, jsonl };

/// The global options and the configuration behind them. Precedence: flag, environment, files.
struct Settings {
  Format format = Format::text;
  bool quiet = false;
  int verbosity = 0;
  bool color_out = false;
  bool color_err = false;
  bool may_ask = true;
  bool yes = false;
  bool dry_run = false;
  std::chrono::milliseconds timeout{0};
  std::string log_file;
  Config config;
};

/// What holds before the command line is understood: an error must reach a machine in the form it
/// asked for, whatever is wrong with the command line or the configuration.
struct EarlySettings {
  Format format = Format::text;
  bool color_err = false;
};
/// From the words of the command line as they are, then the environment and the files.
EarlySettings early_settings(const std::vector<std::string>& args, const Environment& environment);

/// `notices` receives what the configuration has to say.
Result<Settings> make_settings(const Arguments& args, const Environment& environment,
                               EventSink& notices);

/// Colour for a stream by --color, NO_COLOR and whether it is a terminal.
bool use_color(const std::string& when, bool terminal, const Environment& environment);

}  // namespace aiot::cli
