#include "job/discover/usb_observation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "job/discover/usb_ids.hpp"

namespace aiot::discover {
namespace {

constexpr std::string_view source_name = "usb";
constexpr std::uint16_t espressif = 0x303A;
constexpr std::size_t mac_letters = 17;

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
  out.source = source_name;
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
  out.facts.push_back({"name", product, sure / 2});
  out.facts.push_back({"product", product, sure});
  if (!vendor.empty()) out.facts.push_back({"vendor", vendor, sure});
  if (!device.serial.empty()) out.facts.push_back({"serial", device.serial, sure});
  if (own_mac) out.facts.push_back({"mac", lower_case(device.serial), 1});
  out.facts.push_back({"usb.id", id, 1});
  out.facts.push_back({"usb.kind", role_name(kind.role), 1});
  out.facts.push_back({"usb.place", device.place, 1});
  if (!kind.name.empty()) out.facts.push_back({"usb.chip", kind.name, 1});
  if (!names.vendor.empty()) out.facts.push_back({"usb.database_vendor", names.vendor, 1});
  if (!names.product.empty()) out.facts.push_back({"usb.database_product", names.product, 1});
  if (kind.role == UsbRole::boot_loader || kind.role == UsbRole::uf2_loader)
    out.facts.push_back({"state", "boot loader", 1});
  if (!device.ports.empty()) {
    Array paths;
    for (const SerialPort& port : device.ports) paths.emplace_back(port.path);
    out.facts.push_back({"usb.ports", std::move(paths), 1});
  }

  for (const SerialPort& port : device.ports) out.addresses.push_back(port_address(port));
  out.addresses.push_back(usb_address(device, serial));
  out.jobs = jobs_of(device);
  return out;
}

Observation observe_port(const SerialPort& port) {
  Observation out;
  out.source = source_name;
  out.identities.push_back({IdentityKind::port, lasting_path(port)});
  const std::string name = std::filesystem::path(port.path).filename();
  out.facts.push_back({"name", "serial port " + name, 0.1});
  out.facts.push_back({"usb.kind", "built-in serial port", 1});
  out.addresses.push_back(port_address(port));
  out.jobs = {"flash", "listen", "pair"};
  return out;
}

}  // namespace aiot::discover
