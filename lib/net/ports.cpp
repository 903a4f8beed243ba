#include "aiot/ports.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>

#include "net/sysfs.hpp"

namespace aiot::net {
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
