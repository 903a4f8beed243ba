#pragma once

#include <optional>
#include <string>

#include "aiot/address.hpp"
#include "aiot/error.hpp"
#include "aiot/value.hpp"

namespace aiot {

/// What became of one device of a job.
struct DeviceReport {
  Address device;
  std::optional<Error> error;  ///< nullopt: done, and within the limits that were set
  std::string step;            ///< the step that failed, "" when none did
  Object fields;  ///< as far as it came: what was found, written or measured, and times
};

}  // namespace aiot
