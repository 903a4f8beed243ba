#include "sim/bench/run.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "protocol/energyrunner/device/virtual_device.hpp"
#include "protocol/energyrunner/error.hpp"
#include "protocol/power/lpm01a_device.hpp"
#include "sim/bench/model_network.hpp"
#include "sim/engine_station.hpp"
#include "sim/port.hpp"

namespace aiot::sim::bench {
namespace {

namespace tiny = inference::tiny;
using energyrunner::VirtualDevice;
using energyrunner::VirtualOptions;
using power::lpm01a::VirtualMonitor;

/// Multiplications a second of a Cortex-M4F at 120 MHz with its vendor's kernels.
constexpr double usual_macs_per_s = 50e6;
/// What moves data and multiplies nothing takes its time, too.
constexpr double least_latency_s = 0.001;
/// Of the virtual target: such a board asleep, and at work.
constexpr double idle_watts = 0.005;
constexpr double busy_watts = 0.050;
/// Of a device behind the interface board, and else (th_serialport_initialize).
constexpr std::uint32_t energy_baud = 9600;
constexpr std::uint32_t usual_baud = 115200;

/// A device, its port, and its power monitor with a port of its own.
struct Desk {
  std::unique_ptr<VirtualMonitor> monitor;
  std::unique_ptr<VirtualDevice> device;
  std::unique_ptr<EngineStation> station;
  std::unique_ptr<EngineStation> monitor_station;
};

Result<void> check(const Request& request) {
  const bool for_others = !request.flash_file.empty() || request.flash_size != 0 ||
                          request.in_application || request.lines_per_s || !request.mac.empty();
  if (for_others) {
    return make_error(Errc::not_for_device,
                      "a device under test has no flash, no MAC, no boot loader and no console",
                      "leave out what is for others");
  }
  if (request.profile != "" && request.profile != "default" && request.profile != "fast") {
    return make_error(Errc::not_for_device, "profile " + request.profile,
                      "a device under test has the profiles default and fast");
  }
  if (request.latency.count() < 0 || request.latency > std::chrono::hours(1)) {
    return make_error(Errc::not_for_device, "an inference of such a length", "use up to an hour");
  }
  if (request.monitor && request.profile == "fast") {
    return make_error(Errc::not_for_device, "a monitor and a clock that runs ahead",
                      "a power monitor needs a device on the machine's clock");
  }
  return {};
}

std::chrono::nanoseconds latency_of(const Request& request, const inference::Engine& engine) {
  if (request.latency.count() > 0) return request.latency;
  std::uint64_t macs = 0;
  for (const inference::OperatorInfo& one : engine.operators()) macs += one.macs;
  return std::chrono::nanoseconds(static_cast<std::int64_t>(
      std::max(static_cast<double>(macs) / usual_macs_per_s, least_latency_s) * 1e9));
}

/// A fault in an output that the model does not have would never strike.
Result<void> check_outputs(const std::vector<energyrunner::Fault>& faults, std::size_t outputs) {
  for (const energyrunner::Fault& fault : faults) {
    if (fault.kind != energyrunner::FaultKind::wrong_output) continue;
    if (fault.amount < static_cast<double>(outputs)) continue;
    return make_error(energyrunner::Errc::bad_fault,
                      fault.text + ": the model has " + std::to_string(outputs) + " outputs",
                      "count them from 0");
  }
  return {};
}

Result<Desk> make_desk(boost::asio::io_context& context, const Request& request,
                       const std::shared_ptr<const inference::Model>& model, unsigned index) {
  const inference::EngineOptions engine_options;
  AIOT_TRY(auto engine, inference::make_reference_engine(model, engine_options));
  if (engine->inputs().empty() || engine->outputs().empty()) {
    return make_error(Errc::not_for_device, "a model without an input or an output");
  }
  const tiny::Task* known = tiny::task_for(engine->inputs()[0]);
  const tiny::Task& task = known != nullptr ? *known : tiny::any_task();
  VirtualOptions options;
  options.model = known != nullptr ? task.id : "own01";
  options.energy_mode = request.monitor;
  options.baud_bps = request.monitor ? energy_baud : usual_baud;
  if (request.baud_limit != 0) options.baud_bps = request.baud_limit;
  options.paced = request.profile != "fast";
  options.latency = latency_of(request, *engine);
  for (const std::string& text : request.faults) {
    AIOT_TRY(energyrunner::Fault fault, energyrunner::parse_fault(text));
    options.faults.push_back(std::move(fault));
  }
  auto network = std::make_unique<ModelNetwork>(std::move(engine), task);
  AIOT_CHECK(check_outputs(options.faults, network->results().size()));
  options.buffer_bytes = std::max(options.buffer_bytes, network->input_bytes());
  Desk desk;
  if (request.monitor) {
    desk.monitor = std::make_unique<VirtualMonitor>(idle_watts);
    VirtualMonitor* const monitor = desk.monitor.get();
    options.on_mark = [monitor](net::TimePoint when) { monitor->on_mark(when); };
    options.on_work = [monitor](net::TimePoint begin, net::TimePoint end) {
      monitor->on_work(begin, end, busy_watts);
    };
    const std::string port = request.port == "pty" ? "pty" : "tcp:0";
    AIOT_TRY(auto monitor_port, make_port(context.get_executor(), port, index));
    desk.monitor_station = std::make_unique<EngineStation>(
        context.get_executor(), *monitor, net::steady_clock(), std::move(monitor_port));
  }
  AIOT_TRY(auto port, make_port(context.get_executor(), request.port, index));
  desk.device = std::make_unique<VirtualDevice>(std::move(options), std::move(network));
  desk.station = std::make_unique<EngineStation>(context.get_executor(), *desk.device,
                                                 net::steady_clock(), std::move(port));
  return desk;
}

Ready ready_of(const Desk& desk, unsigned number, unsigned count) {
  Ready out;
  out.address = desk.station->address();
  out.chip = kind;
  out.number = number;
  out.count = count;
  out.name = desk.device->options().model;
  if (desk.monitor_station) {
    out.monitor = desk.monitor_station->address();
    out.addresses = {out.address, out.monitor};
  }
  return out;
}

DeviceResult report_of(const Desk& desk) {
  const energyrunner::Counters& counters = desk.device->counters();
  DeviceResult result;
  result.chip = kind;
  result.address = desk.station->address();
  result.bytes_in = counters.bytes_in;
  result.bytes_out = counters.bytes_out;
  result.commands = counters.commands;
  result.model = desk.device->options().model;
  result.inferences = counters.inferences;
  std::vector<std::string>& fired = result.faults_fired.emplace();
  for (const energyrunner::Fault& fault : desk.device->faults().all()) {
    if (fault.fired > 0) fired.push_back(fault.text);
  }
  if (desk.monitor_station) result.monitor = desk.monitor_station->address();
  return result;
}

}  // namespace

Result<Report> run(const Request& request, const std::function<void(const Ready&)>& ready,
                   EventSink& sink, std::stop_token stop) {
  AIOT_CHECK(check(request));
  AIOT_TRY(const auto model, find_model(request.bench_model));
  boost::asio::io_context context(1);
  std::vector<Desk> desks;
  for (unsigned i = 0; i < request.count; ++i) {
    AIOT_TRY(Desk desk, make_desk(context, request, model, i));
    desks.push_back(std::move(desk));
  }
  for (unsigned i = 0; i < request.count; ++i) {
    sink.on_event(event::Started{desks[i].station->address(), "sim"});
    ready(ready_of(desks[i], i + 1, request.count));
  }
  for (Desk& desk : desks) {
    desk.station->start();
    if (desk.monitor_station) desk.monitor_station->start();
  }
  auto work = boost::asio::make_work_guard(context);
  const std::stop_callback on_stop(
      stop, [&] { boost::asio::post(context, [&context] { context.stop(); }); });
  context.run();
  Report report;
  for (Desk& desk : desks) {
    desk.station->stop();
    if (desk.monitor_station) desk.monitor_station->stop();
    report.devices.push_back(report_of(desk));
    sink.on_event(event::Finished{desk.station->address(), report.devices.back()});
  }
  return report;
}

}  // namespace aiot::sim::bench
