#include "sim/gadget/gadget.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "aiot/sim.hpp"
#include "protocol/energyrunner/device/fault.hpp"
#include "sim/bench/run.hpp"
#include "sim/port.hpp"
#include "sim/gadget/identity.hpp"
#include "sim/station.hpp"

namespace aiot::sim {
namespace {

namespace device = esp::device;

constexpr std::uint64_t usual_flash = 4 * 1024 * 1024;
/// Espressif's, and a serial number that no real part is likely to have.
constexpr Mac first_mac = {0x24, 0x0A, 0xC4, 0xA1, 0x07, 0x00};

/// `file` with {n} replaced by the number of the device (from 1), or with -N in front of its
/// extension when there are several devices and no {n}.
std::string numbered(std::string file, unsigned number, unsigned count) {
  if (file.empty()) return file;
  const std::string text = std::to_string(number);
  if (const std::size_t at = file.find("{n}"); at != std::string::npos)
    return file.replace(at, 3, text);
  if (count == 1) return file;
  const std::size_t slash = file.rfind('/');
  const std::size_t dot = file.rfind('.');
  const bool extension =
      dot != std::string::npos && (slash == std::string::npos || dot > slash + 1) && dot > 0;
  return file.insert(extension ? dot : file.size(), "-" + text);
}

/// Of the first device.
Result<Mac> mac_of(const Request& request) {
  if (request.mac.empty()) return first_mac;
  return device::checked_mac(request.mac);
}

Result<std::unique_ptr<Station>> make_station(boost::asio::io_context& context,
                                              const Request& request, unsigned index) {
  AIOT_TRY(std::unique_ptr<Port> port, make_port(context.get_executor(), request.port, index));
  device::Options options;
  options.chip = request.device;
  AIOT_TRY(options.profile, device::find_profile(request.profile));
  AIOT_TRY(const Mac mac, mac_of(request));
  options.mac = next_mac(mac, index);
  for (const std::string& text : request.faults) {
    AIOT_TRY(device::Fault fault, device::parse_fault(text));
    options.faults.push_back(std::move(fault));
  }
  options.baud_limit = request.baud_limit;
  options.in_application = request.in_application;
  options.sync_resets = !port->has_lines();
  if (esp::chip_by_name(options.chip) == nullptr) {
    // Said before a file is made for it.
    AIOT_TRY(device::FlashMemory none, device::FlashMemory::in_memory(usual_flash));
    return std::move(device::Device::make(std::move(options), std::move(none))).error();
  }
  const std::uint64_t size = request.flash_size != 0 ? request.flash_size : usual_flash;
  const std::string file = numbered(request.flash_file, index + 1, request.count);
  AIOT_TRY(device::FlashMemory flash, file.empty() ? device::FlashMemory::in_memory(size)
                                                   : device::FlashMemory::in_file(file, size));
  AIOT_TRY(std::unique_ptr<device::Device> made,
           device::Device::make(std::move(options), std::move(flash)));
  return std::make_unique<Station>(context.get_executor(), std::move(made), std::move(port), file);
}

/// In lists that have chips' faults too.
const std::string under_test = "device under test: ";

Ready ready_of(const Station& station, unsigned number, unsigned count) {
  return {station.address(), std::string(station.device().chip().name),
          device::format_mac(station.device().mac()), station.flash_file(), number, count};
}

}  // namespace

Result<Report> run(const Request& request, const std::function<void(const Ready&)>& ready,
                   EventSink& sink, std::stop_token stop) {
  if (request.count == 0 || request.count > max_devices) {
    return make_error(Errc::bad_count, std::to_string(request.count),
                      "use 1 to " + std::to_string(max_devices) + " devices");
  }
  if (!request.bench_model.empty()) return bench::run(request, ready, sink, std::move(stop));
  if (request.latency.count() != 0 || request.monitor) {
    return make_error(Errc::not_for_device, "only a device under test infers",
                      "name the model that it has");
  }
  if (request.device == gadget::kind) {
    AIOT_TRY(const Mac first, mac_of(request));
    return gadget::run(request, first, ready, sink, stop);
  }
  if (request.lines_per_s) {
    return make_error(Errc::not_for_device, "a chip's console has no rate of lines of its own",
                      "only a gadget has one");
  }
  if (!request.mqtt.empty() || request.mqtt_rate != 0) {
    return make_error(Errc::not_for_device, "a chip has no broker to publish at",
                      "only a gadget has one");
  }
  boost::asio::io_context context(1);
  std::vector<std::unique_ptr<Station>> stations;
  for (unsigned i = 0; i < request.count; ++i) {
    AIOT_TRY(auto station, make_station(context, request, i));
    station->back = [&, i](const Station& back) { ready(ready_of(back, i + 1, request.count)); };
    stations.push_back(std::move(station));
  }
  for (unsigned i = 0; i < request.count; ++i) {
    sink.on_event(event::Started{stations[i]->address(), "sim"});
    ready(ready_of(*stations[i], i + 1, request.count));
  }
  for (const auto& station : stations) station->start();
  auto work = boost::asio::make_work_guard(context);
  const std::stop_callback on_stop(
      stop, [&] { boost::asio::post(context, [&context] { context.stop(); }); });
  context.run();
  Report report;
  for (const auto& station : stations) {
    station->stop();
    report.devices.push_back(station->report());
    sink.on_event(event::Finished{station->address(), report.devices.back()});
  }
  return report;
}

std::vector<Choice> devices() {
  std::vector<Choice> choices;
  for (const esp::Chip& chip : esp::chips()) {
    choices.push_back(
        {std::string(chip.name), std::string(chip.display) + ": ROM loader, stub, flash"});
  }
  choices.push_back({std::string(gadget::kind),
                     "a consumer device that announces itself by mDNS, SSDP, miIO and CoAP, "
                     "publishes by MQTT, and logs on its console"});
  return choices;
}

std::vector<Choice> faults() {
  std::vector<Choice> choices;
  for (const device::FaultHelp& help : device::fault_help()) {
    choices.push_back({std::string(help.name), std::string(help.description)});
  }
  for (const energyrunner::FaultHelp& help : energyrunner::fault_help()) {
    choices.push_back({std::string(help.name), under_test + std::string(help.description)});
  }
  return choices;
}

std::vector<Choice> stages() {
  std::vector<Choice> choices;
  for (const device::FaultHelp& stage : device::stages()) {
    choices.push_back({std::string(stage.name), std::string(stage.description)});
  }
  for (const energyrunner::FaultHelp& stage : energyrunner::stages()) {
    choices.push_back({std::string(stage.name), under_test + std::string(stage.description)});
  }
  return choices;
}

std::string fault_grammar() { return std::string(device::fault_grammar()); }

std::vector<Choice> profiles() {
  std::vector<Choice> choices;
  for (const device::Profile& profile : device::profiles()) {
    choices.push_back({std::string(profile.name), std::string(profile.description)});
  }
  return choices;
}

}  // namespace aiot::sim
