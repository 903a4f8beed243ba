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

/// How a device under test reports time: a lap of its clock, or an edge of its pin.
enum class TimeMode : std::uint8_t { performance, energy };

/// A power monitor, as it reports itself.
struct MonitorResult {
  std::string kind;  ///< "lpm01a" or "joulescope"
  std::string name;
  std::string version;              ///< of its firmware
  std::uint32_t millivolts = 0;     ///< that it supplies; 0: none
  std::uint32_t samples_per_s = 0;  ///< 0: its own rate
};

struct PerformanceWindow {
  std::uint32_t inferences = 0;
  double seconds = 0;  ///< of the device's clock
  double per_second = 0;
  double host_seconds = 0;  ///< the same as it arrived here
};
struct Performance {
  double median_per_second = 0;  ///< of the windows
  double latency_us = 0;         ///< of one inference, by that median
  double spread = 0;             ///< of the windows: (most - least) / median
  unsigned repeated = 0;         ///< windows that were too short, and measured again
  std::vector<PerformanceWindow> windows;
  /// How far the device's clock is from this machine's: 0.01 is 1 % fast. nullopt: not known.
  std::optional<double> clock_error;
};

/// Top-1 accuracy, or the AUC of anomaly detection.
struct DutAccuracy {
  std::uint64_t files = 0;
  bool complete = false;  ///< as many as the benchmark has
  std::optional<std::uint64_t> positives, negatives;  ///< where there may be an AUC
  std::optional<double> auc;                          ///< none of files of one class
  std::optional<std::uint64_t> right;
  std::optional<double> top1;
  std::optional<double> interval_low, interval_high;  ///< at 95 % confidence
  std::optional<double> limit;                        ///< of the benchmark
};

struct EnergyWindow {
  std::uint32_t inferences = 0;
  double seconds = 0;  ///< of the monitor's clock
  std::uint64_t samples = 0;
  double microjoules_each = 0;
  double milliwatts = 0;  ///< mean
};
/// What bounds a window of energy.
enum class Boundary : std::uint8_t { edges, laps };
struct Energy {
  double median_microjoules = 0;  ///< of one inference
  double spread = 0;              ///< of the windows: (most - least) / median
  unsigned repeated = 0;          ///< windows that were too short or damaged
  Boundary bounded_by = Boundary::edges;
  std::vector<EnergyWindow> windows;
  std::uint64_t samples = 0;  ///< of the whole run
  std::uint64_t lost_samples = 0;
  std::uint64_t lost_edges = 0;
  unsigned buffer_percent = 0;  ///< how full the monitor's buffer was at most
};

/// Where a difference between device and reference comes from.
enum class Cause : std::uint8_t {
  upload,
  quantisation,
  kernel,
  unsteady,
  count,  ///< another number of results than the model's task has
};
/// The first output that differs.
struct OutputDifference {
  std::string file;  ///< the input
  std::uint64_t output = 0;
  double device = 0;
  double reference = 0;
};
struct CountDifference {
  std::string file;
  std::uint64_t device = 0;
  std::uint64_t reference = 0;
};
/// The device's results against the reference engine's.
struct OutputComparison {
  std::uint64_t compared = 0;  ///< inferences
  std::uint64_t equal = 0;     ///< to three digits
  std::optional<OutputDifference> first_difference;
  std::optional<CountDifference> first_count;  ///< instead, where the number of results differs
  std::optional<Cause> cause;
  std::string explanation;  ///< one sentence; "" when nothing differs
};

/// A device under test (DUT). What is not set was not reached, or not asked for.
struct DutResult {
  std::optional<MonitorResult> monitor;
  std::optional<std::string> name;     ///< its vendor's word
  std::optional<std::string> profile;  ///< of its firmware
  std::optional<std::string> model;    ///< such as "ic01"
  std::optional<TimeMode> mode;
  std::optional<std::uint32_t> baud_bps;  ///< 0 on TCP
  bool through_board = false;             ///< the interface board is in between
  std::optional<Performance> performance;
  std::optional<DutAccuracy> accuracy;
  std::optional<Energy> energy;
  std::uint64_t repaired = 0;  ///< errors on the line that a retry repaired
  std::optional<OutputComparison> comparison;
  std::vector<std::string> files;  ///< of a submission, that were written
  double seconds = 0;
};
AIOT_API SchemaInfo schema_of(const DutResult&);
AIOT_API void describe(FieldVisitor& v, DutResult& dut);

struct DevicesReport {
  std::vector<DeviceReport<DutResult>> devices;  ///< in the order of the request

  /// No device failed.
  bool ok() const { return all_ok(devices); }
};
AIOT_API SchemaInfo schema_of(const DevicesReport&);  ///< "aiot.bench.device/1"
AIOT_API void describe(FieldVisitor& v, DevicesReport& report);

/// The names of power monitors, for MonitorRequest::kind.
AIOT_API std::vector<std::string> monitor_kinds();

/// Measures all devices side by side, and stops soon after `stop` is requested. An error only when
/// nothing was tried. A device whose results differ from the model's, that is not as accurate as
/// its benchmark asks, or whose windows were not valid has Condition::mismatch.
AIOT_API Result<DevicesReport> run_devices(std::span<const Address> devices,
                                           const DeviceRequest& request, EventSink& sink,
                                           std::stop_token stop);

}  // namespace aiot::bench
