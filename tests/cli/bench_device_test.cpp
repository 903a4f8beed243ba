#include <doctest/doctest.h>

#include "scripted.hpp"

using namespace aiot;
using namespace aiot::cli;
using cli::test::run_cli;
using cli::test::scripted_environment;

namespace {

/// The request that these options make.
bench::DeviceRequest request_of(std::vector<std::string> args) {
  bench::DeviceRequest made;
  Environment e = scripted_environment();
  e.bench_devices = [&](std::span<const Address>, const bench::DeviceRequest& request, EventSink&,
                        std::stop_token) -> Result<bench::DevicesReport> {
    made = request;
    return bench::DevicesReport();
  };
  args.insert(args.begin(), {"bench", "device", "tcp://board:5555"});
  CHECK(run_cli(args, e).exit == 0);
  return made;
}

}  // namespace

TEST_CASE("bench device: options become a request") {
  const bench::DeviceRequest plain = request_of({});
  CHECK(plain.phases.performance);
  CHECK(!plain.phases.accuracy);
  CHECK(!plain.phases.energy);
  CHECK(plain.windows == 5);
  CHECK(plain.window == std::chrono::seconds(10));
  CHECK(plain.bauds_bps.empty());
  const bench::DeviceRequest r =
      request_of({"--model",   "m.tflite",    "--data",    "kws01", "--files",     "20",
                  "--baud",    "115200,9600", "--windows", "3",     "--window",    "2s",
                  "--warm-up", "4",           "--seed",    "9",     "--prove-all", "--allow-missed",
                  "--results", "out",         "-f",        "-j",    "2",           "--trace",
                  "t-%d.txt",  "--timeout",   "3m"});
  CHECK(r.phases.performance);
  CHECK(r.phases.accuracy);
  CHECK(r.model == "m.tflite");
  CHECK(r.files == 20);
  CHECK(r.bauds_bps == std::vector<std::uint32_t>{115200, 9600});
  CHECK(r.windows == 3);
  CHECK(r.window == std::chrono::seconds(2));
  CHECK(r.warmups == 4);
  CHECK(r.seed == 9);
  CHECK(r.prove_all);
  CHECK(r.allow_missed);
  CHECK(r.results == "out");
  CHECK(r.force);
  CHECK(r.jobs == 2);
  CHECK(r.trace_file == "t-%d.txt");
  CHECK(r.timeout == std::chrono::minutes(3));
}

TEST_CASE("bench device: a power monitor means energy, unless a mode is named") {
  const bench::DeviceRequest r =
      request_of({"--monitor", "/dev/ttyACM1", "--monitor-kind", "joulescope", "--voltage", "1.8",
                  "--sample-rate", "500", "--calibrate", "--no-power-cycle"});
  CHECK(r.phases.energy);
  CHECK(!r.phases.performance);
  CHECK(r.monitor.address->path == "/dev/ttyACM1");
  CHECK(r.monitor.kind == "joulescope");
  CHECK(r.monitor.millivolts == 1800);
  CHECK(r.monitor.samples_per_s == 500);
  CHECK(r.monitor.calibrate);
  CHECK(!r.monitor.power_cycle);
  const bench::DeviceRequest both =
      request_of({"--monitor", "/dev/ttyACM1", "--mode", "performance", "--mode", "energy"});
  CHECK(both.phases.energy);
  CHECK(both.phases.performance);
}

TEST_CASE("bench device: what a device says is escaped") {
  Environment e = scripted_environment();
  e.bench_devices = [](std::span<const Address> devices, const bench::DeviceRequest&, EventSink&,
                       std::stop_token) -> Result<bench::DevicesReport> {
    bench::DevicesReport report;
    DeviceReport<bench::DutResult> one;
    one.device = devices[0];
    one.result.name = "\x1b[2J";
    one.result.model = "kws\x07";
    report.devices.push_back(std::move(one));
    return report;
  };
  const auto done = run_cli({"bench", "device", "tcp://board:5555"}, e);
  CHECK(done.out.find('\x1b') == std::string::npos);
  CHECK(done.out.find("\\x1b[2J") != std::string::npos);
  CHECK(done.out.find('\x07') == std::string::npos);
}

TEST_CASE("bench device: an option that would be forgotten is refused") {
  const auto refused = [](std::vector<std::string> args) {
    args.insert(args.begin(), {"bench", "device", "tcp://board:5555"});
    const auto ran = run_cli(args);
    CHECK(ran.exit == 2);
    return ran.err;
  };
  const auto has = [](const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
  };
  CHECK(has(refused({"--files", "3"}), "--files without accuracy"));
  CHECK(has(refused({"--files", "3"}), "--data DIR"));
  CHECK(has(refused({"--data", "d", "--mode", "performance", "--files", "3"}), "--mode accuracy"));
  CHECK(has(refused({"--allow-missed"}), "--allow-missed without accuracy"));
  CHECK(has(refused({"--force"}), "--force without --results"));
  CHECK(has(refused({"--monitor-kind", "joulescope"}), "--monitor-kind without --monitor"));
}
