#include "job/bench/device/run.hpp"

#include <algorithm>
#include <array>
#include <ctime>

#include "job/bench/device/bench.hpp"
#include "job/bench/device/error.hpp"
#include "job/bench/device/submission.hpp"
#include "job/bench/host/error.hpp"
#include "protocol/power/monitor.hpp"

namespace aiot::bench {
namespace {

constexpr std::string_view accepted[] = {"serial", "usb", "rfc2217", "tcp"};

std::string stamp_of_now() {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%m%d.%H%M%S", &local)};
}

Error bad(std::string text, std::string hint) {
  return make_error(Errc::bad_request, std::move(text), std::move(hint));
}

/// A job for fleet::run_devices().
class Work {
 public:
  Work(const DeviceRequest& request, DeviceEnvironment& environment,
       const DeviceResources& resources)
      : request_(request), environment_(environment), resources_(resources) {}

  /// The benchmark, and the way back out of it. A failure belongs to the step before that.
  net::Task<void> operator()(fleet::DeviceRun& dut, DutResult& result) const {
    DutBench bench(dut, request_, environment_, resources_, result);
    Result<void> done = co_await bench.run();
    const std::string step = dut.current_step();
    co_await bench.leave();
    dut.blame_step(step);
    co_return done;
  }

 private:
  const DeviceRequest& request_;
  DeviceEnvironment& environment_;
  const DeviceResources& resources_;
};

}  // namespace

DeviceEnvironment real_device_environment() {
  DeviceEnvironment out;
  out.open = net::open_link;
  out.clock = &net::steady_clock();
  out.stamp = stamp_of_now;
  return out;
}

Result<std::unique_ptr<inference::Engine>> DeviceEnvironment::reference_engine(
    std::shared_ptr<const inference::Model> model) {
  const inference::EngineOptions options;
  return inference::make_reference_engine(std::move(model), options);
}

Result<DeviceResources> read_resources(const DeviceRequest& request, std::size_t devices) {
  DeviceResources out;
  out.several = devices > 1;
  out.workers = std::make_unique<Workers>(devices);
  if (!request.model.empty()) {
    AIOT_TRY(out.model, Reference::read(request.model));
  }
  if (!request.data.empty()) {
    AIOT_TRY(out.data, DataSet::open(request.data, request.labels));
  }
  return out;
}

fleet::Batch batch_of(const DeviceRequest& request, const DeviceEnvironment& environment) {
  fleet::Batch batch;
  batch.job = "bench device";
  batch.errors = {make_error_code(DeviceErrc::no_devices), make_error_code(DeviceErrc::same_device),
                  make_error_code(DeviceErrc::shared_trace), make_error_code(DeviceErrc::cancelled),
                  make_error_code(DeviceErrc::device_timeout)};
  batch.clock = environment.clock;
  batch.schemes = accepted;
  batch.at_once = request.jobs;
  batch.timeout = request.timeout;
  batch.trace_file = request.trace_file;
  return batch;
}

Result<void> check_request(std::span<const Address> devices, const DeviceRequest& request,
                           const fleet::Batch& batch) {
  AIOT_CHECK(fleet::check_batch(devices, batch));
  const Phases& phases = request.phases;
  if (!phases.performance && !phases.accuracy && !phases.energy) {
    return bad("nothing to measure", "ask for performance, accuracy or energy");
  }
  if (phases.accuracy && request.data.empty()) {
    return bad("accuracy without files", "name the folder of the benchmark's files");
  }
  if (phases.energy && !request.monitor.address) {
    return make_error(DeviceErrc::needs_monitor, "energy", "name the power monitor's address");
  }
  if (request.monitor.address && devices.size() > 1) {
    return bad("one power monitor for several devices", "measure their energy one by one");
  }
  const auto kinds = monitor_kinds();
  if (std::ranges::find(kinds, request.monitor.kind) == kinds.end()) {
    return bad("power monitor \"" + request.monitor.kind + "\"", "there are lpm01a and joulescope");
  }
  if (request.windows == 0 || request.windows > 100) {
    return bad(std::to_string(request.windows) + " windows", "use 1 to 100; the benchmark has 5");
  }
  if (request.window.count() < 1 || request.window > std::chrono::minutes(30)) {
    return bad("a window of such a length", "use up to 30 minutes; the benchmark has 10 s");
  }
  return {};
}

net::asio::awaitable<DeviceReport<DutResult>> bench_device(fleet::DeviceRun& dut,
                                                           const DeviceRequest& request,
                                                           DeviceEnvironment& environment,
                                                           const DeviceResources& resources) {
  const Work work(request, environment, resources);
  DeviceReport<DutResult> report = co_await fleet::run_device<DutResult>(dut, work);
  co_return report;
}

Result<DevicesReport> run_devices_in(std::span<const Address> devices, const DeviceRequest& request,
                                     DeviceEnvironment& environment, EventSink& sink,
                                     std::stop_token stop) {
  const fleet::Batch batch = batch_of(request, environment);
  AIOT_CHECK(check_request(devices, request, batch));
  if (!request.results.empty()) {
    AIOT_CHECK(try_results(request.results, "", {}));
  }
  AIOT_TRY(const DeviceResources resources, read_resources(request, devices.size()));
  const Work work(request, environment, resources);
  DevicesReport report;
  AIOT_TRY(report.devices,
           fleet::run_devices<DutResult>(devices, batch, sink, std::move(stop), work));
  return report;
}

Result<DevicesReport> run_devices(std::span<const Address> devices, const DeviceRequest& request,
                                  EventSink& sink, std::stop_token stop) {
  DeviceEnvironment environment = real_device_environment();
  return run_devices_in(devices, request, environment, sink, std::move(stop));
}

std::vector<std::string> monitor_kinds() { return power::monitor_kinds(); }

}  // namespace aiot::bench
