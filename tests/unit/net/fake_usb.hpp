#pragma once

#include <filesystem>
#include <string>

#include "real_loop.hpp"

/// Lets the kernel's list show a USB device below `folder`/sys; `words` are its attributes beside
/// the ids, `interfaces` their classes as "ccsspp" (hex).
struct FakeUsb {
  std::string place;
  std::string vid;
  std::string pid;
  std::string serial = {};
  std::string manufacturer = {};
  std::string product = {};
  std::vector<std::string> interfaces = {};

  void plug_in(const TemporaryFolder& folder) const {
    const std::string device = "sys/devices/usb1/" + place;
    folder.write(device + "/idVendor", vid + "\n");
    folder.write(device + "/idProduct", pid + "\n");
    if (!serial.empty()) folder.write(device + "/serial", serial + "\n");
    if (!manufacturer.empty()) folder.write(device + "/manufacturer", manufacturer + "\n");
    if (!product.empty()) folder.write(device + "/product", product + "\n");
    int number = 0;
    for (const std::string& code : interfaces) {
      const std::string interface = device + "/" + place + ":1." + std::to_string(number++);
      folder.write(interface + "/bInterfaceClass", code.substr(0, 2) + "\n");
      folder.write(interface + "/bInterfaceSubClass", code.substr(2, 2) + "\n");
      folder.write(interface + "/bInterfaceProtocol", code.substr(4, 2) + "\n");
    }
    folder.link(folder.path() / device, "sys/bus/usb/devices/" + place);
  }
  /// With a terminal on its first interface.
  void plug_in(const TemporaryFolder& folder, const std::string& tty) const {
    make_usb_port(folder, tty, place, vid, pid, serial, "/dev/null");
    plug_in(folder);
  }
  void unplug(const TemporaryFolder& folder, const std::string& tty = {}) const {
    const auto sys = folder.path() / "sys";
    std::filesystem::remove(sys / "bus/usb/devices" / place);
    if (!tty.empty()) {
      std::filesystem::remove_all(sys / "class/tty" / tty);
      std::filesystem::remove(folder.path() / "dev" / tty);
    }
    std::filesystem::remove_all(sys / "devices/usb1" / place);
  }
};
