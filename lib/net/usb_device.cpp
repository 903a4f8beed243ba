#include "net/usb_device.hpp"

#include <algorithm>
#include <filesystem>
#include <map>

namespace aiot::net {
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

}  // namespace aiot::net
