#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "core/error_codes.hpp"
#include "net/error.hpp"
#include "net/sysfs.hpp"

namespace aiot::net {
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

}  // namespace aiot::net
