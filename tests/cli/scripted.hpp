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

/// The events of one device: started, steps, progress, finished or failed. `result` is what it has
/// when it succeeds; nullopt fails it.
void play(const Address& device, const std::string& job, const std::optional<Error>& error,
          const Document& result, EventSink& sink);
/// The device that the scripted jobs find.
std::optional<Error> scripted_error(const Address& device);
template <class T>
DeviceReport<T> play(const Address& device, EventSink& sink) {
  DeviceReport<T> report;
  report.device = device;
  report.error = scripted_error(device);
  report.result.chip = "esp32c3";
  report.result.revision = "v0.3";
  if (report.error) {
    report.step = "connect";
  } else {
    report.result.mac = "24:0a:c4:00:00:01";
    if constexpr (std::is_same_v<T, flash::InfoResult>) {
      report.result.partitions = {{"factory", "app", "factory", 0x10000, 4096, false, {}}};
    }
  }
  play(device, "flash " + std::string(T::operation), report.error, report.result, sink);
  return report;
}

struct Ran {
  int exit = 0;
  std::string out;
  std::string err;
};
Ran run_cli(const std::vector<std::string>& args, const Environment& environment,
            const std::string& input = "");
Ran run_cli(const std::vector<std::string>& args, const std::string& input = "");

}  // namespace aiot::cli::test
