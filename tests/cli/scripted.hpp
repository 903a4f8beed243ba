#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "app.hpp"
#include "environment.hpp"

/// The command line with scripted jobs behind it: what is tested is parsing and rendering.
namespace aiot::cli::test {

/// An environment without files, variables or terminals, whose jobs finish every device. A device
/// whose host or path names one of these fails so: "busy", "secured", "timeout", "mismatch",
/// "cancelled", "hostile" (says control bytes);
/// "wait" waits for a stop, "stuck" for ever.
Environment scripted_environment();

/// One device's scripted life: started, steps, progress, finished or failed.
flash::DeviceReport play(const Address& device, const std::string& job, EventSink& sink);

struct Ran {
  int exit = 0;
  std::string out;
  std::string err;
};
Ran run_cli(const std::vector<std::string>& args, const Environment& environment,
            const std::string& input = "");
Ran run_cli(const std::vector<std::string>& args, const std::string& input = "");

}  // namespace aiot::cli::test
