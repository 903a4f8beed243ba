#include "net/usb_device.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <map>
#include <optional>

#include "aiot/ports.hpp"
#include "core/error_codes.hpp"
#include "net/error.hpp"

namespace aiot::net {

namespace fs = std::filesystem;

std::string attribute(const fs::path& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  while (!line.empty() && (line.back() == ' ' || line.back() == '\r')) line.pop_back();
  return line;
}

std::uint32_t hex_attribute(const fs::path& file) {
  const std::string text = attribute(file);
  std::uint32_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return value;
}

fs::path usb_folder_of(const fs::path& device, const DeviceRoots& roots) {
  const fs::path top(roots.sys);
  std::error_code error;
  for (fs::path dir = device; dir != top && dir.has_relative_path(); dir = dir.parent_path()) {
    if (fs::exists(dir / "idVendor", error)) return dir;
  }
  return {};
}

namespace {

namespace fs = std::filesystem;

std::uint8_t byte_attribute(const fs::path& file) {
  return static_cast<std::uint8_t>(hex_attribute(file));
}

/// The folders below a device's own that are its interfaces are named "1-1.2:1.0".
std::vector<UsbInterface> interfaces_of(const fs::path& device, const std::string& place) {
  std::vector<fs::path> folders;
  std::error_code error;
  for (fs::directory_iterator it(device, error), end; !error && it != end; it.increment(error)) {
    if (it->path().filename().string().starts_with(place + ":")) folders.push_back(it->path());
  }
  std::sort(folders.begin(), folders.end());
  std::vector<UsbInterface> out;
  for (const fs::path& folder : folders) {
    UsbInterface interface;
    interface.class_code = byte_attribute(folder / "bInterfaceClass");
    interface.subclass = byte_attribute(folder / "bInterfaceSubClass");
    interface.protocol = byte_attribute(folder / "bInterfaceProtocol");
    out.push_back(interface);
  }
  return out;
}

/// The serial ports by the place of the USB device they belong to.
std::map<std::string, std::vector<SerialPort>> ports_by_place(const DeviceRoots& roots) {
  std::map<std::string, std::vector<SerialPort>> out;
  for (SerialPort& port : list_serial_ports(roots)) {
    if (port.usb_vid == 0) continue;
    const fs::path name = fs::path(port.path).filename();
    std::error_code error;
    const fs::path device =
        fs::canonical(fs::path(roots.sys) / "class" / "tty" / name / "device", error);
    // It may have been unplugged meanwhile.
    if (error) continue;
    out[usb_folder_of(device, roots).filename()].push_back(std::move(port));
  }
  return out;
}

}  // namespace

std::vector<UsbDevice> list_usb_devices(const DeviceRoots& roots) {
  auto ports = ports_by_place(roots);
  std::vector<UsbDevice> out;
  const fs::path top = fs::path(roots.sys) / "bus" / "usb" / "devices";
  std::error_code error;
  for (fs::directory_iterator it(top, error), end; !error && it != end; it.increment(error)) {
    const fs::path folder = it->path();
    UsbDevice device;
    device.place = folder.filename();
    std::error_code missing;
    // Interfaces lie beside the devices; they have no ids.
    if (!fs::exists(folder / "idVendor", missing)) continue;
    device.vid = static_cast<std::uint16_t>(hex_attribute(folder / "idVendor"));
    device.pid = static_cast<std::uint16_t>(hex_attribute(folder / "idProduct"));
    device.class_code = byte_attribute(folder / "bDeviceClass");
    device.serial = attribute(folder / "serial");
    device.manufacturer = attribute(folder / "manufacturer");
    device.product = attribute(folder / "product");
    device.interfaces = interfaces_of(folder, device.place);
    if (const auto found = ports.find(device.place); found != ports.end())
      device.ports = std::move(found->second);
    out.push_back(std::move(device));
  }
  std::sort(out.begin(), out.end(),
            [](const UsbDevice& a, const UsbDevice& b) { return a.place < b.place; });
  return out;
}

namespace {

/// nullopt inside: any.
using Id = std::optional<std::uint16_t>;

std::optional<Id> parse_id(std::string_view text) {
  if (text.empty() || text == "*") return Id();
  std::uint16_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc() || end != text.data() + text.size() || text.size() > 4) return {};
  return Id(value);
}

std::string describe(const std::vector<SerialPort>& ports) {
  std::string out;
  for (const SerialPort& port : ports) {
    if (port.usb_vid == 0) continue;
    out += fmt::format("{}{:04x}:{:04x} at {}", out.empty() ? "" : ", ", port.usb_vid, port.usb_pid,
                       port.path);
    if (!port.usb_serial.empty()) out += fmt::format(" (serial {})", port.usb_serial);
  }
  return out;
}

}  // namespace

Result<std::vector<Address>> expand_usb_address(const Address& pattern, const DeviceRoots& roots) {
  const std::string_view path = pattern.path;
  const auto colon = path.find(':');
  const auto vid = parse_id(path.substr(0, colon));
  const auto pid =
      colon == std::string_view::npos ? std::optional<Id>(Id()) : parse_id(path.substr(colon + 1));
  if (pattern.scheme != "usb" || !vid || !pid) {
    return make_error(core::Errc::bad_address, pattern.str(),
                      "write usb:VID:PID with up to four hex digits each, or * for any, such as "
                      "usb:303a:1001 or usb:10c4:*");
  }
  const auto serial = pattern.query.find("serial");

  const std::vector<SerialPort> ports = list_serial_ports(roots);
  std::vector<Address> out;
  for (const SerialPort& port : ports) {
    if (port.usb_vid == 0) continue;
    if (vid->value_or(port.usb_vid) != port.usb_vid) continue;
    if (pid->value_or(port.usb_pid) != port.usb_pid) continue;
    if (serial != pattern.query.end() && serial->second != port.usb_serial) continue;
    Address address;
    address.scheme = "serial";
    address.path = port.path;
    address.query = pattern.query;
    address.query.erase("serial");
    out.push_back(std::move(address));
  }
  if (out.empty()) {
    const std::string here = describe(ports);
    return make_error(Errc::not_found, "no USB serial port is " + pattern.str(),
                      here.empty() ? "no USB serial port is here at all: check the cable, and that "
                                     "it carries data"
                                   : "here are " + here);
  }
  return out;
}

namespace {

namespace fs = std::filesystem;

/// Fills the USB identity of the device that the port belongs to.
void describe_usb(const fs::path& device, const DeviceRoots& roots, SerialPort& port) {
  const fs::path dir = usb_folder_of(device, roots);
  if (dir.empty()) return;
  port.usb_vid = static_cast<std::uint16_t>(hex_attribute(dir / "idVendor"));
  port.usb_pid = static_cast<std::uint16_t>(hex_attribute(dir / "idProduct"));
  port.usb_serial = attribute(dir / "serial");
  port.manufacturer = attribute(dir / "manufacturer");
  port.product = attribute(dir / "product");
}

/// Device node name -> its link below serial/by-id, or else below serial/by-path.
std::map<std::string, std::string> stable_paths(const fs::path& dev) {
  std::map<std::string, std::string> out;
  for (const char* kind : {"by-id", "by-path"}) {
    std::vector<fs::path> links;
    std::error_code error;
    for (fs::directory_iterator it(dev / "serial" / kind, error), end; !error && it != end;
         it.increment(error)) {
      links.push_back(it->path());
    }
    std::sort(links.begin(), links.end());
    for (const fs::path& link : links) {
      const fs::path target = fs::read_symlink(link, error);
      if (!error) out.try_emplace(target.filename(), link);
    }
  }
  return out;
}

/// ttyUSB2 before ttyUSB10.
bool by_name_and_number(const SerialPort& a, const SerialPort& b) {
  const auto split = [](const std::string& path) {
    const auto digits = path.find_last_not_of("0123456789") + 1;
    unsigned long number = 0;
    std::from_chars(path.data() + digits, path.data() + path.size(), number);
    return std::pair(path.substr(0, digits), number);
  };
  return std::pair(split(a.path), a.path) < std::pair(split(b.path), b.path);
}

}  // namespace

std::vector<SerialPort> list_serial_ports(const DeviceRoots& roots) {
  std::vector<SerialPort> out;
  const fs::path top = fs::path(roots.sys) / "class" / "tty";
  const auto stable = stable_paths(roots.dev);
  std::error_code error;
  for (fs::directory_iterator it(top, error), end; !error && it != end; it.increment(error)) {
    const fs::path entry = it->path();
    std::error_code missing;
    // Consoles and ptys have no device behind them; an 8250 slot without a chip has type 0. Of the
    // many consoles one asks as little as possible.
    if (!fs::exists(entry / "device", missing)) continue;
    const fs::path device = fs::canonical(entry / "device", missing);
    if (missing || attribute(entry / "type") == "0") continue;
    SerialPort port;
    port.path = fs::path(roots.dev) / entry.filename();
    if (!fs::exists(port.path, missing)) continue;
    if (const auto found = stable.find(entry.filename()); found != stable.end()) {
      port.stable_path = found->second;
    }
    describe_usb(device, roots, port);
    out.push_back(std::move(port));
  }
  std::sort(out.begin(), out.end(), by_name_and_number);
  return out;
}

SerialPort describe_serial_port(const std::string& path, const DeviceRoots& roots) {
  std::error_code error;
  const fs::path target = fs::canonical(path, error);
  for (SerialPort& port : list_serial_ports(roots)) {
    if (port.path == path) return std::move(port);
    if (!error && fs::canonical(port.path, error) == target) return std::move(port);
  }
  SerialPort out;
  out.path = path;
  return out;
}

}  // namespace aiot::net

namespace aiot {

std::vector<SerialPort> list_serial_ports() { return net::list_serial_ports(net::DeviceRoots()); }

Result<std::vector<Address>> expand_usb_address(const Address& pattern) {
  return net::expand_usb_address(pattern, net::DeviceRoots());
}

}  // namespace aiot
