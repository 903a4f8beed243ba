#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "aiot/address.hpp"

namespace aiot {

/// A serial port of this machine, as the kernel describes it.
struct SerialPort {
  std::string path;         ///< /dev/ttyUSB0
  std::string stable_path;  ///< /dev/serial/by-id/… or by-path/…, "" when there is none
  std::uint16_t usb_vid = 0;
  std::uint16_t usb_pid = 0;
  std::string usb_serial;
  std::string manufacturer;
  std::string product;
  friend bool operator==(const SerialPort&, const SerialPort&) = default;
};

/// Every serial port that a device could be on, sorted by path. Opens none of them.
AIOT_API std::vector<SerialPort> list_serial_ports();

/// The serial addresses that `usb:VID:PID[?serial=S]` (hex; `*` matches any) stands for, sorted;
/// Condition::no_match when there are none.
AIOT_API Result<std::vector<Address>> expand_usb_address(const Address& pattern);

}  // namespace aiot
