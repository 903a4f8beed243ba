#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "config/secrets.hpp"
#include "sim/port.hpp"
#include "sim/provision/kind.hpp"

namespace aiot::sim {
namespace {

using provision::Kind;
using provision::Options;
using provision::VirtualDevice;

Result<const Kind*> find_kind(const std::string& name) {
  const std::span<const Kind> kinds = provision::kinds();
  const auto at = std::ranges::find(kinds, name, &Kind::name);
  if (at != kinds.end()) return &*at;
  std::string list;
  for (const Kind& kind : kinds) list += (list.empty() ? "" : ", ") + std::string(kind.name);
  return make_error(Errc::bad_kind, "\"" + name + "\"", "the kinds are " + list);
}

Result<Options> options_of(const ProvisionRequest& request) {
  Options options;
  options.port = request.port;
  options.clock = &net::steady_clock();
  for (const std::string& text : request.faults) {
    AIOT_TRY(const provisioning::Fault fault, provisioning::parse_fault(text));
    options.faults.push_back(fault);
  }
  if (!request.wifi_file.empty()) {
    AIOT_TRY(options.wifi, config::read_wifi_file(request.wifi_file));
  }
  if (!request.secret_file.empty()) {
    AIOT_TRY(options.secrets, config::read_device_secrets(request.secret_file));
  }
  return options;
}

Ready ready_of(const VirtualDevice& device, const ProvisionRequest& request, unsigned number) {
  const DeviceResult report = device.report();
  Ready out;
  out.address = device.address();
  out.chip = request.kind;
  out.mac = report.mac;
  out.number = number;
  out.count = request.count;
  out.name = device.name();
  if (request.secret_file.empty()) out.code = device.code();
  return out;
}

}  // namespace

Result<Report> run_provision(const ProvisionRequest& request,
                             const std::function<void(const Ready&)>& ready, EventSink& sink,
                             std::stop_token stop) {
  if (request.count == 0 || request.count > max_devices) {
    return make_error(Errc::bad_count, std::to_string(request.count),
                      "use 1 to " + std::to_string(max_devices) + " devices");
  }
  AIOT_TRY(const Kind* kind, find_kind(request.kind));
  AIOT_TRY(Options options, options_of(request));
  boost::asio::io_context context(1);
  std::vector<std::unique_ptr<VirtualDevice>> devices;
  for (unsigned i = 0; i < request.count; ++i) {
    options.index = i;
    AIOT_TRY(std::unique_ptr<VirtualDevice> made, kind->make(context.get_executor(), options));
    devices.push_back(std::move(made));
  }
  // Each listens before its line is written: its reader connects at once.
  for (const auto& device : devices) device->start();
  for (unsigned i = 0; i < request.count; ++i) {
    sink.on_event(event::Started{devices[i]->address(), "sim"});
    ready(ready_of(*devices[i], request, i + 1));
  }
  auto work = boost::asio::make_work_guard(context);
  const std::stop_callback on_stop(
      stop, [&] { boost::asio::post(context, [&context] { context.stop(); }); });
  context.run();
  Report report;
  for (const auto& device : devices) {
    device->stop();
    report.devices.push_back(device->report());
    sink.on_event(event::Finished{device->address(), report.devices.back()});
  }
  return report;
}

ProvisionCatalog provision_catalog() {
  ProvisionCatalog catalog;
  for (const Kind& kind : provision::kinds()) {
    catalog.kinds.push_back({std::string(kind.name), std::string(kind.description)});
  }
  catalog.fault_grammar = provisioning::fault_grammar();
  return catalog;
}

}  // namespace aiot::sim
