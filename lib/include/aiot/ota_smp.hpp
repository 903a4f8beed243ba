#pragma once

#include "aiot/ota.hpp"

/// Single requests to devices with an SMP server (Zephyr, MCUboot).
namespace aiot::ota {

struct SmpRequest {
  /// "echo", "info", "params", "images", "test", "confirm", "erase", "reset", "shell", "stat",
  /// "download", "upload".
  std::string action;
  std::vector<std::string> words;        ///< as the action takes them
  std::chrono::milliseconds timeout{0};  ///< for each device, 0 for none but the requests' own
};

/// A number that a device reports.
struct SmpValue {
  std::string name;
  std::uint64_t value = 0;
};
struct SmpResult {
  std::string action;
  std::string text;                    ///< of echo, info and shell
  std::optional<std::int64_t> status;  ///< of a command of the shell
  std::vector<std::string> names;      ///< groups of statistics
  std::vector<SmpValue> values;        ///< of params and stat
  std::vector<SlotInfo> slots;         ///< of images, test and confirm
  std::uint64_t bytes = 0;             ///< of a file
  double seconds = 0;
};
AIOT_API SchemaInfo schema_of(const SmpResult&);
AIOT_API void describe(FieldVisitor& v, SmpValue& value);
AIOT_API void describe(FieldVisitor& v, SmpResult& result);

/// Schema "aiot.ota.smp/1".
struct SmpReport {
  std::vector<DeviceReport<SmpResult>> devices;  ///< in the order given

  /// No device failed.
  bool ok() const { return all_ok(devices); }
};
AIOT_API SchemaInfo schema_of(const SmpReport&);
AIOT_API void describe(FieldVisitor& v, SmpReport& report);

/// Sends the same request to all `devices`, at the addresses of SMP that push() takes. An error
/// when there is no such action, or its words are others.
AIOT_API Result<SmpReport> smp(std::span<const Address> devices, const SmpRequest& request,
                               EventSink& sink, std::stop_token stop);

}  // namespace aiot::ota
