#include "job/discover/source/usb.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <optional>
#include <set>

#include "job/discover/source/usb_probe.hpp"
#include "job/discover/usb_ids.hpp"
#include "job/discover/usb_observation.hpp"
#include "net/udev/monitor.hpp"

namespace aiot::discover {
namespace {

using std::chrono::milliseconds;

/// Where nothing tells of plugging, one looks again.
constexpr milliseconds look_at_ports_again{1000};

/// What was here at the last look, by place ("1-1.2") or path.
struct Present {
  net::UsbDevice device;
  Observation observation;
};

class UsbSource final : public Source {
 public:
  explicit UsbSource(UsbEnvironment environment) : environment_(std::move(environment)) {}

  SourceInfo info() const override {
    return {"usb", "serial ports and USB devices of this machine, and what is plugged in"};
  }

  net::Task<SourceStatus> run(SourceContext& context) override {
    UsbProbes probes(co_await net::asio::this_coro::executor, context, environment_.open);
    look(context, probes);
    SourceStatus status;
    status.detail = fmt::format("{} devices, {} serial ports", here_.size(), ports_.size());
    while (context.clock.now() < context.deadline) {
      const net::TimePoint until = context.deadline;
      Result<void> changed = co_await environment_.wait_for_change(until);
      if (!changed && changed.error().code != net::make_error_code(net::Errc::timed_out)) {
        if (changed.error().condition() == Condition::cancelled) break;
        status = {SourceState::failed, changed.error().message(), changed.error().hint};
        break;
      }
      if (changed) look(context, probes);
    }
    co_await probes.end();
    co_return status;
  }

 private:
  void look(SourceContext& context, UsbProbes& probes) {
    std::vector<net::UsbDevice> devices = net::list_usb_devices(environment_.roots);
    std::map<std::string, int> alike;
    for (const net::UsbDevice& device : devices) ++alike[twin_key(device)];
    std::map<std::string, Present> now;
    for (net::UsbDevice& device : devices) {
      if (!is_of_interest(device)) continue;
      const bool own_serial = alike[twin_key(device)] == 1;
      Present present;
      present.observation = observe_usb(device, names_.usb(device.vid, device.pid), own_serial);
      present.device = std::move(device);
      std::string place = present.device.place;
      now.emplace(std::move(place), std::move(present));
    }
    for (auto& [place, before] : here_) {
      const auto found = now.find(place);
      // Another device in the same place is another device.
      if (found != now.end() && twin_key(found->second.device) == twin_key(before.device)) continue;
      leave(context, before.observation);
    }
    for (const auto& [place, present] : now) {
      const auto found = here_.find(place);
      if (found != here_.end() && found->second.device == present.device) continue;
      context.report(present.observation);
      if (context.request.probe) probes.start(present.device, present.observation);
    }
    here_ = std::move(now);
    look_at_ports(context);
  }

  /// Ports that are not on the USB come and go with a driver at most.
  void look_at_ports(SourceContext& context) {
    std::map<std::string, SerialPort> now;
    for (SerialPort& port : net::list_serial_ports(environment_.roots)) {
      if (port.usb_vid != 0) continue;
      std::string path = port.path;
      now.emplace(std::move(path), std::move(port));
    }
    for (const auto& [path, port] : ports_) {
      if (!now.contains(path)) leave(context, observe_port(port));
    }
    for (const auto& [path, port] : now) {
      if (!ports_.contains(path)) context.report(observe_port(port));
    }
    ports_ = std::move(now);
  }

  static void leave(SourceContext& context, Observation observation) {
    observation.gone = true;
    context.report(std::move(observation));
  }

  static std::string twin_key(const net::UsbDevice& device) {
    return fmt::format("{:04x}:{:04x} {}", device.vid, device.pid, device.serial);
  }

  UsbEnvironment environment_;
  net::udev::NameBook names_;
  std::map<std::string, Present> here_;
  std::map<std::string, SerialPort> ports_;
};

/// By udev or the kernel; where neither can be heard, once a second.
std::function<net::Task<void>(net::TimePoint)> watch_this_machine() {
  auto monitor = std::make_shared<std::optional<Result<net::udev::Monitor>>>();
  return [monitor](net::TimePoint until) -> net::Task<void> {
    const auto executor = co_await net::asio::this_coro::executor;
    if (!monitor->has_value()) {
      using net::udev::Monitor;
      monitor->emplace(Monitor::open(executor, Monitor::voice_here()));
      // What came between the first look and now was not heard of.
      if (monitor->value()) co_return Result<void>();
    }
    if (!monitor->value()) {
      const net::TimePoint next = net::steady_clock().now() + look_at_ports_again;
      co_return co_await net::steady_clock().sleep_until(std::min(next, until));
    }
    Result<net::udev::Change> change = co_await monitor->value()->next(until);
    if (!change) co_return std::move(change).error();
    co_return Result<void>();
  };
}

}  // namespace

std::unique_ptr<Source> make_usb_source(UsbEnvironment environment) {
  return std::make_unique<UsbSource>(std::move(environment));
}

std::unique_ptr<Source> make_usb_source() {
  UsbEnvironment environment;
  environment.wait_for_change = watch_this_machine();
  environment.open = net::open_link;
  return make_usb_source(std::move(environment));
}

}  // namespace aiot::discover
