#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "aiot/address.hpp"
#include "aiot/device_report.hpp"
#include "aiot/event.hpp"
#include "aiot/result.hpp"

/// Benchmarks of microcontrollers that speak MLPerf Tiny's protocol.
namespace aiot::bench {

/// What to measure, in this order. Each device is greeted once.
struct Phases {
  bool performance = false;
  bool accuracy = false;
  bool energy = false;
};

/// How a power monitor is used.
struct MonitorRequest {
  std::optional<Address> address;  ///< nullopt: none
  std::string kind = "lpm01a";     ///< of monitor_kinds()
  std::uint32_t millivolts = 3300;
  std::uint32_t samples_per_s = 1000;
  bool calibrate = false;   ///< itself, first
  bool power_cycle = true;  ///< the device, first
};

struct DeviceRequest {
  Phases phases;
  std::string model;   ///< a .tflite file or a built-in's name: results are compared; "" for none
  std::string data;    ///< the folder of the files; "": pseudo-random inputs
  std::string labels;  ///< y_labels.csv; "": that of the folder
  std::vector<std::uint32_t> bauds_bps;      ///< tried in turn; empty: the address's, else 115200
  unsigned windows = 5;                      ///< of performance and energy, 1 to 100
  std::chrono::milliseconds window{10'000};  ///< the least length of each, of the device's clock
  std::uint32_t warmups = 10;                ///< inferences before each window
  std::uint64_t seed = 1;                    ///< of pseudo-random inputs
  std::uint32_t files = 0;                   ///< of the accuracy set, the first so many; 0: all
  bool prove_all = false;     ///< read back every upload, not the first of the accuracy set alone
  bool allow_missed = false;  ///< an accuracy below the benchmark's limit is no failure
  MonitorRequest monitor;
  std::string results;                   ///< the folder for a submission's files; "" for none
  bool force = false;                    ///< overwrite files that are there
  std::chrono::milliseconds timeout{0};  ///< for each device, 0 for none but the steps' own
  unsigned jobs = 0;                     ///< devices at once, 0 for all
  std::string trace_file;                ///< "" for none; %d becomes the device's number
};

using DeviceReport = OpenDeviceReport;
struct DevicesReport {
  std::vector<DeviceReport> devices;

  /// No device failed.
  AIOT_API bool ok() const;
  /// schema "aiot.bench.device/1"
  AIOT_API Record record() const;
};

/// The names of power monitors, for MonitorRequest::kind.
AIOT_API std::vector<std::string> monitor_kinds();

/// Measures all devices side by side, and stops soon after `stop` is requested. An error only when
/// nothing was tried. A device whose results differ from the model's, that is not as accurate as
/// its benchmark asks, or whose windows were not valid has Condition::mismatch.
AIOT_API Result<DevicesReport> run_devices(std::span<const Address> devices,
                                           const DeviceRequest& request, EventSink& sink,
                                           std::stop_token stop);

}  // namespace aiot::bench
