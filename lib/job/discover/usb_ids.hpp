#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "net/usb_device.hpp"

namespace aiot::discover {

/// What a USB device is for, as far as its ids tell.
enum class UsbRole {
  boot_loader,  ///< waits for firmware, over a protocol of its own
  uf2_loader,   ///< a boot loader that shows itself as a disk, and takes UF2 files
  dfu,          ///< offers the USB DFU class: a boot loader, or an application that can become one
  bridge,       ///< a UART adapter: the device proper is behind it
  chip,         ///< a microcontroller's own USB port; application and ROM look the same
  debug_probe,  ///< programs another chip; its serial port is that chip's
  other,        ///< something with a serial port
};
/// "boot loader", "UART bridge", …
std::string_view role_name(UsbRole role);

/// One id that is known, and where it is written.
struct UsbId {
  std::uint16_t vid;
  std::uint16_t first_pid;
  std::uint16_t last_pid;  ///< the same as the first, or the end of a range
  UsbRole role;
  std::string_view name;  ///< the chip or product
};
std::span<const UsbId> usb_ids();

/// What is known of a device: by its ids, or else by its interfaces. The name is "" without an id.
struct UsbKind {
  UsbRole role = UsbRole::other;
  std::string_view name;
};
UsbKind kind_of(const net::UsbDevice& device);

/// False for hubs, keyboards, disks, cameras and the like: what belongs to the desk.
bool is_of_interest(const net::UsbDevice& device);

}  // namespace aiot::discover
