#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "aiot/describe.hpp"
#include "aiot/export.hpp"

/// Checks that this machine can do the jobs of this library: serial ports, D-Bus and its daemons,
/// radios, clock, multicast DNS. Changes nothing, needs no device and no network.
namespace aiot::doctor {

enum class State {
  ok,
  warning,  ///< part of the jobs may be limited
  fault,    ///< something that this machine has cannot be used
  unknown,  ///< this user may not look
};
inline constexpr std::array<std::string_view, 4> state_names = {"ok", "warning", "fault",
                                                                "unknown"};

/// The names of the checks, in the order of the report.
inline constexpr std::array<std::string_view, 11> check_names = {
    "serial-ports",      "modem-manager",    "brltty",         "dbus",
    "bluetooth-adapter", "bluetooth-daemon", "wifi-interface", "wifi-daemon",
    "wifi-move",         "mdns-port",        "clock"};

struct Check {
  std::string name;  ///< one of check_names
  State state = State::ok;
  std::string detail;  ///< what was found, one sentence
  std::string fix;     ///< a shell command that mends it; "" where none does
};

/// Schema "aiot.doctor/1".
struct Report {
  std::vector<Check> checks;  ///< one of each name

  /// No check found a fault.
  AIOT_API bool ok() const;
};
AIOT_API SchemaInfo schema_of(const Report&);
AIOT_API void describe(FieldVisitor& v, Report& report);

/// Looks at this machine as the user who runs the program. Takes some milliseconds. The fix of
/// "wifi-move" is empty: pair::restore_wifi() is what mends it.
AIOT_API Report run();

}  // namespace aiot::doctor
