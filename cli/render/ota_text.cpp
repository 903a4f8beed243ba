#include "render/ota_text.hpp"

#include <fmt/format.h>

#include <ostream>

#include "aiot/bytes.hpp"
#include "aiot/units.hpp"
#include "render/figures.hpp"
#include "render/table.hpp"

namespace aiot::cli::render {
namespace {

std::string outcome_of(const DeviceReport<ota::PushResult>& device) {
  const ota::PushResult& result = device.result;
  if (device.error) {
    return device.step.empty() ? "not started" : "at " + escape_controls(device.step);
  }
  if (result.dry_run) {
    const auto named = [](const std::string& version) {
      return version.empty() ? std::string("an unknown version") : escape_controls(version);
    };
    return fmt::format("nothing sent: runs {}, the image is {}", named(result.version_before),
                       named(result.version));
  }
  if (result.up_to_date) return "runs " + escape_controls(result.version) + " already";
  if (!result.unconfirmed.empty()) return "not confirmed: " + escape_controls(result.unconfirmed);
  std::string text = escape_controls(result.version_before.empty()
                                         ? result.version
                                         : result.version_before + " to " + result.version);
  if (!result.booted) return text + ", reset";
  return result.confirmed ? text : text + ", on probation";
}

}  // namespace

void print_push_report(std::ostream& out, const ota::PushReport& report, std::size_t width) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& device : report.devices) {
    const ota::PushResult& result = device.result;
    std::string sent;
    std::string rate;
    if (result.sent_bytes > 0) {
      sent = format_size(result.sent_bytes);
      if (result.upload_seconds > 0) {
        const double bytes_per_s = static_cast<double>(result.sent_bytes) / result.upload_seconds;
        rate = format_size(static_cast<std::uint64_t>(bytes_per_s)) + "/s";
      }
    }
    rows.push_back({device.error ? "FAILED" : "OK", short_address(device.device),
                    outcome_of(device), std::move(sent), std::move(rate),
                    result.seconds > 0 ? time_text(result.seconds) : ""});
  }
  out << table(rows, width);
}

}  // namespace aiot::cli::render
