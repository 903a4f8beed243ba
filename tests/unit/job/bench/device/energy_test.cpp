#include "virtual_lab.hpp"

using namespace aiot;
using namespace aiot::bench;
using namespace aiot::bench::test;
using namespace std::chrono_literals;

namespace {

LabOptions with_monitor() {
  LabOptions options;
  options.monitor = true;
  options.baud_bps = 9600;
  return options;
}

}  // namespace

TEST_CASE("energy between two edges of the device's pin") {
  VirtualLab lab(with_monitor());
  lab.request.phases.energy = true;
  const DutReport report = lab.run();
  REQUIRE_MESSAGE(!report.error, report.error->message());
  REQUIRE(report.result.energy.has_value());
  const auto& energy = *report.result.energy;
  // 50 mW for 14 ms.
  CHECK(energy.median_microjoules == doctest::Approx(700).epsilon(0.002));
  CHECK(energy.spread < 0.002);
  CHECK(energy.lost_samples == 0);
  CHECK(energy.bounded_by == Boundary::edges);
  const std::vector<EnergyWindow>& windows = energy.windows;
  REQUIRE(windows.size() == 5);
  for (const EnergyWindow& window : windows) {
    CHECK(window.seconds >= 10);
    CHECK(window.milliwatts == doctest::Approx(50).epsilon(0.002));
  }
  CHECK(report.result.comparison.value().equal == 5);
  // One for calibration, and for each window one and that of the inference that is compared.
  CHECK(lab.device->counters().uploads == 11);
  CHECK(!lab.monitor->controlled());
  CHECK(!lab.monitor->target_powered());
}

TEST_CASE("a window in which samples were lost is measured again") {
  VirtualLab lab(with_monitor());
  lab.request.phases.energy = true;
  // Once, when the first window is under way.
  lab.monitor->lose_samples_at(lab.clock.now() + 25s, 50);
  const DutReport report = lab.run();
  REQUIRE_MESSAGE(!report.error, report.error->message());
  REQUIRE(report.result.energy.has_value());
  const auto& energy = *report.result.energy;
  CHECK(energy.lost_samples == 50);
  CHECK(energy.repeated == 1);
  CHECK(lab.recorder.noticed("bench.lost_samples"));
}

TEST_CASE("laps bound a window where the device says them and no edge is seen") {
  VirtualLab laps{LabOptions()};
  laps.monitor = std::make_unique<power::lpm01a::VirtualMonitor>(0.020);
  laps.request.monitor.address = *parse_address("serial:/dev/monitor");
  laps.request.phases.energy = true;
  const DutReport report = laps.run();
  REQUIRE_MESSAGE(!report.error, report.error->message());
  REQUIRE(report.result.energy.has_value());
  const auto& energy = *report.result.energy;
  CHECK(energy.bounded_by == Boundary::laps);
  CHECK(energy.median_microjoules == doctest::Approx(280).epsilon(0.01));
}

TEST_CASE("a monitor that is not connected to the pin is reported") {
  VirtualLab lab(with_monitor());
  lab.request.phases.energy = true;
  // The one that is listened to is another than the one that sees the device's pin.
  power::lpm01a::VirtualMonitor other(0.005);
  const auto open_device = lab.environment.open;
  lab.environment.open = [&](Address address,
                             net::OpenOptions open) -> net::Task<std::unique_ptr<net::Link>> {
    if (address.path != "/dev/monitor") return open_device(std::move(address), std::move(open));
    return [](net::VirtualClock& clock, power::lpm01a::VirtualMonitor& monitor,
              std::uint32_t baud) -> net::Task<std::unique_ptr<net::Link>> {
      std::unique_ptr<net::Link> link = std::make_unique<net::MemoryLink>(clock, monitor, baud);
      co_return link;
    }(lab.clock, other, open.baud_bps);
  };
  const DutReport report = lab.run();
  REQUIRE(report.error);
  CHECK(report.error->stable_code() == "power.no_edges");
  CHECK(!other.controlled());
}

TEST_CASE("a run that is stopped gives the monitor back") {
  VirtualLab lab(with_monitor());
  lab.request.phases.energy = true;
  const DutReport report = lab.run_until(30s);
  REQUIRE(report.error);
  CHECK(report.error->stable_code() == "bench.cancelled");
  CHECK(!lab.monitor->controlled());
  CHECK(!lab.monitor->target_powered());
  CHECK(lab.clock.elapsed() < 45s);
}
