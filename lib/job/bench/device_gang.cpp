#include "job/bench/device_gang.hpp"

#include <algorithm>
#include <deque>

#include "gang/gang.hpp"
#include "job/bench/device_error.hpp"
#include "job/bench/device_results.hpp"
#include "job/bench/error.hpp"

namespace aiot::bench {
namespace asio = net::asio;
namespace {

constexpr const char* schema = "aiot.bench.device/1";

gang::Terms terms() {
  return {"bench device", schema, make_error_code(DeviceErrc::cancelled),
          make_error_code(DeviceErrc::device_timeout)};
}

/// The benchmark, and the way back out of it. A failure belongs to the step before that.
net::Task<void> measure_and_leave(DeviceContext& context, const DeviceResources& resources) {
  DeviceBench bench(context, resources);
  Result<void> done = co_await bench.run();
  const std::string step = context.current_step();
  co_await bench.leave();
  context.blame_step(step);
  co_return done;
}

Error bad(std::string text, std::string hint) {
  return make_error(Errc::bad_request, std::move(text), std::move(hint));
}

}  // namespace

asio::awaitable<DeviceReport> bench_device(DeviceContext& context, const DeviceResources& resources,
                                           EventSink& sink) {
  const gang::Terms ends = terms();
  const gang::Work work = [&] { return measure_and_leave(context, resources); };
  DeviceReport report = co_await gang::serve(context, work, ends, context.clock(), sink);
  co_return report;
}

Result<void> check_request(std::span<const Address> devices, const DeviceRequest& request) {
  for (const Address& device : devices) {
    constexpr std::string_view accepted[] = {"serial", "usb", "rfc2217", "tcp"};
    AIOT_CHECK(require_scheme(device, accepted));
  }
  AIOT_CHECK(gang::check_distinct(devices, make_error_code(DeviceErrc::no_devices),
                                  make_error_code(DeviceErrc::same_device)));
  AIOT_CHECK(gang::check_own_files(devices.size(), request.trace_file,
                                   make_error_code(DeviceErrc::shared_trace)));
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

Result<DevicesReport> run_device_gang(std::span<const Address> devices,
                                      const DeviceRequest& request, DeviceEnvironment& environment,
                                      EventSink& sink, std::stop_token stop) {
  AIOT_CHECK(check_request(devices, request));
  if (!request.results.empty()) {
    AIOT_CHECK(try_results(request.results, "", {}));
  }
  AIOT_TRY(const DeviceResources resources, read_resources(request, devices.size()));
  std::deque<DeviceContext> contexts;
  std::vector<gang::Member> members;
  for (const Address& device : devices) {
    const auto number = static_cast<unsigned>(contexts.size() + 1);
    DeviceContext& context = contexts.emplace_back(device, number, request, environment, sink);
    members.push_back({&context, [&] { return bench_device(context, resources, sink); }});
  }
  const gang::Limits limits{request.jobs, request.timeout};
  return DevicesReport{gang::run(std::move(members), terms(), limits, sink, std::move(stop))};
}

Result<DevicesReport> run_devices(std::span<const Address> devices, const DeviceRequest& request,
                                  EventSink& sink, std::stop_token stop) {
  DeviceEnvironment environment = real_device_environment();
  return run_device_gang(devices, request, environment, sink, std::move(stop));
}

std::vector<std::string> monitor_kinds() { return power::monitor_kinds(); }

bool DevicesReport::ok() const { return gang::all_done(devices); }

Record DevicesReport::record() const {
  Array rows;
  for (const DeviceReport& one : devices) {
    Object row;
    row.set("device", one.device.str()).set("ok", !one.error.has_value());
    for (const auto& [name, value] : one.fields.fields()) row.set(name, value);
    rows.emplace_back(std::move(row));
  }
  Record record{schema, {}};
  record.fields.set("devices", std::move(rows));
  return record;
}

}  // namespace aiot::bench
