#include <fmt/format.h>

#include "virtual_lab.hpp"

using namespace aiot;
using namespace aiot::bench;
using namespace aiot::bench::test;
using namespace std::chrono_literals;

namespace {

/// What `pyjoulescope_driver statistics --frequency 1000` prints of a JS220 on a steady load.
class Scope final : public net::DeviceEngine {
 public:
  Scope(net::TimePoint start, double watts) : start_(start), watts_(watts) {}

  void on_bytes(net::TimePoint, ByteSpan) override {}
  void on_lines(net::TimePoint, bool, bool) override {}
  void on_host_baud(net::TimePoint, std::uint32_t) override {}
  std::optional<net::TimePoint> next_timer() const override { return start_ + (lines_ + 1) * 1ms; }
  void on_timer(net::TimePoint now) override {
    while (start_ + (lines_ + 1) * 1ms <= now) {
      ++lines_;
      append(
          output_,
          as_bytes(fmt::format(
              "u/js220/000123,{},0.01,0,0.01,0.01,3.3,0,3.3,3.3,{},0,{},{},0.1,{:.9f}\n",
              lines_ * 1000, watts_, watts_, watts_, watts_ * static_cast<double>(lines_) * 1e-3)));
    }
  }
  Bytes take_output(net::TimePoint) override { return std::exchange(output_, {}); }
  bool link_up() const override { return true; }

 private:
  net::TimePoint start_;
  double watts_;
  std::int64_t lines_ = 0;
  Bytes output_;
};

}  // namespace

TEST_CASE("a Joulescope measures a device that says laps") {
  VirtualLab lab{LabOptions()};
  Scope scope(lab.clock.now(), 0.042);
  lab.request.phases.energy = true;
  lab.request.monitor.address = *parse_address("tcp://127.0.0.1:5000");
  lab.request.monitor.kind = "joulescope";
  lab.environment.open = [&](Address address,
                             net::OpenOptions open) -> net::Task<std::unique_ptr<net::Link>> {
    net::DeviceEngine& engine = address.scheme == "tcp"
                                    ? static_cast<net::DeviceEngine&>(scope)
                                    : static_cast<net::DeviceEngine&>(*lab.device);
    std::unique_ptr<net::Link> link =
        std::make_unique<net::MemoryLink>(lab.clock, engine, open.baud_bps);
    co_return link;
  };
  const DutReport report = lab.run();
  REQUIRE_MESSAGE(!report.error, report.error->message());
  REQUIRE(report.result.energy.has_value());
  const auto& energy = *report.result.energy;
  // 42 mW for 14 ms.
  CHECK(energy.median_microjoules == doctest::Approx(588).epsilon(0.001));
  CHECK(energy.bounded_by == Boundary::laps);
  CHECK(report.result.monitor.value().name == "u/js220/000123");
}
