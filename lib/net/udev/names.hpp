#pragma once

#include <cstdint>
#include <string>

#include "net/udev/library.hpp"

namespace aiot::net::udev {

/// What udev's hardware database calls a USB device; "" for what it does not know.
struct UsbNames {
  std::string vendor;
  std::string product;
};

/// udev's hardware database (hwdb(7)), which is read from its file: no udevd needs to run.
class NameBook {
 public:
  /// Without the library or the database every name is "".
  NameBook();
  UsbNames usb(std::uint16_t vid, std::uint16_t pid) const;

 private:
  const Library* library_ = nullptr;
  std::shared_ptr<::udev> context_;
  std::shared_ptr<::udev_hwdb> database_;
};

}  // namespace aiot::net::udev
