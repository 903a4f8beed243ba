#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "aiot/address.hpp"
#include "aiot/describe.hpp"
#include "aiot/error.hpp"
#include "aiot/export.hpp"

namespace aiot {

/// The outcome of a job on one device. `Result` is a described struct.
template <class Result>
struct DeviceReport {
  Address device;
  std::optional<Error> error;  ///< nullopt: done, and within the limits that were set
  std::string step;            ///< the step that failed, "" when none did
  Result result;  ///< on failure as far as the job came: what was found, written or measured
};

/// `device`, `ok`, and of a failure `code` and `step`: the fields that every report begins with.
AIOT_API void describe_outcome(FieldVisitor& v, Address& device, const std::optional<Error>& error,
                               std::string& step);

template <class Result>
void describe(FieldVisitor& v, DeviceReport<Result>& report) {
  describe_outcome(v, report.device, report.error, report.step);
  describe(v, report.result);
}

/// No device failed.
template <class Result>
bool all_ok(const std::vector<DeviceReport<Result>>& reports) {
  return std::ranges::none_of(reports, [](const auto& one) { return one.error.has_value(); });
}

}  // namespace aiot
