#include <algorithm>

#include "config/secrets.hpp"
#include "sim/port.hpp"
#include "sim/provision/kind.hpp"

namespace aiot::sim {
namespace {

using provision::Kind;
using provision::Options;

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
    if (fault.kind == provisioning::FaultKind::vanish && request.kind != "esp") {
      return make_error(provisioning::Errc::bad_fault, request.kind + ": vanish",
                        "a device of kind esp has it");
    }
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

}  // namespace

Result<Report> run_provision(const ProvisionRequest& request,
                             const std::function<void(const Ready&)>& ready, EventSink& sink,
                             std::stop_token stop) {
  AIOT_TRY(const Kind* kind, find_kind(request.kind));
  AIOT_TRY(Options options, options_of(request));
  const MakeDevice make = [&](const net::asio::any_io_executor& executor, unsigned index) {
    options.index = index;
    return kind->make(executor, options);
  };
  // The writer of the secrets knows the code.
  const auto say = [&](Ready device) {
    if (!request.secret_file.empty()) device.code.clear();
    ready(device);
  };
  return serve_devices(request.count, request.kind, make, say, sink, std::move(stop));
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
