#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "job/bench/device/run.hpp"
#include "support/memory_link.hpp"
#include "protocol/energyrunner/device/virtual_device.hpp"
#include "protocol/power/lpm01a_device.hpp"
#include "show.hpp"

namespace aiot::bench::test {

using DutReport = DeviceReport<DutResult>;

/// Keeps the events of a run.
class Recorder final : public EventSink {
 public:
  void on_event(const Event& event) override { events.push_back(event); }
  bool noticed(std::string_view code) const;
  std::vector<Event> events;
};

struct LabOptions {
  std::string model = "kws";
  std::vector<std::string> faults;
  std::chrono::nanoseconds latency = std::chrono::milliseconds(14);
  bool monitor = false;
  std::uint32_t baud_bps = 115200;

  LabOptions() = default;
};

/// A virtual device with a built-in model, a virtual power monitor, and the job's way to both, on
/// virtual time.
class VirtualLab {
 public:
  explicit VirtualLab(const LabOptions& options);

  /// Runs the whole benchmark. More than two hours of virtual time fail the test.
  DutReport run();
  /// The same, cancelled at that time.
  DutReport run_until(net::Duration stop);

  DeviceRequest request;
  net::VirtualClock clock;
  Recorder recorder;
  std::unique_ptr<power::lpm01a::VirtualMonitor> monitor;
  std::unique_ptr<energyrunner::VirtualDevice> device;
  DeviceEnvironment environment;
};

/// A folder that goes away with the object.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }
  void write(const std::string& name, ByteSpan bytes) const;
  std::string read(const std::string& name) const;

 private:
  std::string path_;
};

}  // namespace aiot::bench::test
