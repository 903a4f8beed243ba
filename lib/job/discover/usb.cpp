#include "job/discover/usb.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <filesystem>
#include <optional>
#include <set>

#include "job/discover/usb_ids.hpp"
#include "net/udev/monitor.hpp"

namespace aiot::discover {
namespace {

constexpr std::uint16_t espressif = 0x303A;
constexpr std::size_t mac_letters = 17;

struct UsbDetails {
  std::string kind;
  std::string id = {};
  std::string place = {};
  std::string chip = {};
  std::string database_vendor = {};
  std::string database_product = {};
  std::vector<std::string> ports = {};
};
void describe(FieldVisitor& v, UsbDetails& details) {
  v("id", details.id, "", Presence::if_set);
  v("kind", details.kind, "");
  v("place", details.place, "", Presence::if_set);
  v("chip", details.chip, "", Presence::if_set);
  v.text("database_vendor", details.database_vendor, "", Presence::if_set);
  v.text("database_product", details.database_product, "", Presence::if_set);
  v("ports", details.ports, "", Presence::if_set);
}

/// The chip's own USB port of an ESP32 has its MAC for a serial number: "70:04:1D:AA:BB:CC".
bool is_mac(const std::string& text) {
  if (text.size() != mac_letters) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto letter = static_cast<unsigned char>(text[i]);
    if (i % 3 == 2 ? letter != ':' : std::isxdigit(letter) == 0) return false;
  }
  return true;
}

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

/// The port by the name that survives a replug, where udev gives it one.
const std::string& lasting_path(const SerialPort& port) {
  return port.stable_path.empty() ? port.path : port.stable_path;
}

std::string port_address(const SerialPort& port) {
  Address address;
  address.scheme = "serial";
  address.path = lasting_path(port);
  return address.str();
}

std::string usb_address(const net::UsbDevice& device, bool with_serial) {
  Address address;
  address.scheme = "usb";
  address.path = fmt::format("{:04x}:{:04x}", device.vid, device.pid);
  if (with_serial) address.query["serial"] = device.serial;
  return address.str();
}

/// What this tool can do with it: a boot loader without a serial port speaks nothing we do.
std::vector<std::string> jobs_of(const net::UsbDevice& device) {
  if (device.ports.empty()) return {};
  return {"flash", "listen", "pair"};
}

}  // namespace

Observation observe_usb(const net::UsbDevice& device, const net::udev::UsbNames& names,
                        bool serial_is_its_own) {
  Observation out;
  out.source = "usb";
  const std::string id = fmt::format("{:04x}:{:04x}", device.vid, device.pid);
  const UsbKind kind = kind_of(device);
  const bool serial = !device.serial.empty() && serial_is_its_own;

  if (serial) out.identities.push_back({IdentityKind::serial, device.serial, "usb:" + id});
  const bool own_mac = device.vid == espressif && is_mac(device.serial);
  if (own_mac) out.identities.push_back({IdentityKind::mac, lower_case(device.serial)});
  for (const SerialPort& port : device.ports)
    out.identities.push_back({IdentityKind::port, lasting_path(port)});
  // Its place is the one thing that stays the same while udev still makes the port's name.
  out.identities.push_back({IdentityKind::port, "usb-place:" + device.place});

  // A bridge's words are about the adapter, not about the device behind it.
  const double sure = kind.role == UsbRole::bridge || kind.role == UsbRole::debug_probe ? 0.5 : 0.9;
  const std::string vendor = device.manufacturer.empty() ? names.vendor : device.manufacturer;
  std::string product = device.product.empty() ? names.product : device.product;
  if (product.empty()) product = kind.name.empty() ? "USB device " + id : std::string(kind.name);
  claim(out.name, product, sure / 2);
  claim(out.product, product, sure);
  claim_text(out.vendor, vendor, sure);
  claim_text(out.serial, device.serial, sure);
  if (own_mac) out.macs.push_back(lower_case(device.serial));
  if (kind.role == UsbRole::boot_loader || kind.role == UsbRole::uf2_loader) {
    claim(out.state, DeviceState::bootloader);
  }
  UsbDetails details{.kind = std::string(role_name(kind.role)),
                     .id = id,
                     .place = device.place,
                     .chip = std::string(kind.name),
                     .database_vendor = names.vendor,
                     .database_product = names.product};
  for (const SerialPort& port : device.ports) details.ports.push_back(port.path);
  add_details(out, out.source, details);

  for (const SerialPort& port : device.ports) out.addresses.push_back(port_address(port));
  out.addresses.push_back(usb_address(device, serial));
  out.jobs = jobs_of(device);
  return out;
}

Observation observe_port(const SerialPort& port) {
  Observation out;
  out.source = "usb";
  out.identities.push_back({IdentityKind::port, lasting_path(port)});
  const std::string name = std::filesystem::path(port.path).filename();
  claim(out.name, "serial port " + name, 0.1);
  add_details(out, out.source, UsbDetails{.kind = "built-in serial port"});
  out.addresses.push_back(port_address(port));
  out.jobs = {"flash", "listen", "pair"};
  return out;
}

namespace {

/// How often to look where nothing reports what is plugged in.
constexpr std::chrono::milliseconds look_at_ports_again{1000};

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
      Result<void> changed = co_await environment_.wait_for_change(until, context.clock);
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

/// By udev or the kernel; where neither is available, once a second.
UsbEnvironment::Wait watch_this_machine() {
  auto monitor = std::make_shared<std::optional<Result<net::udev::Monitor>>>();
  return [monitor](net::TimePoint until, net::Clock& clock) -> net::Task<void> {
    const auto executor = co_await net::asio::this_coro::executor;
    if (!monitor->has_value()) {
      using net::udev::Monitor;
      monitor->emplace(Monitor::open(executor, Monitor::voice_here()));
      // What came between the first look and now was missed.
      if (monitor->value()) co_return Result<void>();
    }
    if (!monitor->value()) {
      const net::TimePoint next = clock.now() + look_at_ports_again;
      co_return co_await clock.sleep_until(std::min(next, until));
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

Protocol usb_protocol() {
  const auto make = [] {
    UsbEnvironment environment;
    environment.wait_for_change = watch_this_machine();
    environment.open = net::open_link;
    return make_usb_source(std::move(environment));
  };
  return {make};
}

}  // namespace aiot::discover
