#include "sim/ble_device.hpp"

#include "sim/port.hpp"

namespace aiot::sim {

Result<std::string> adapter_of_port(const std::string& port) {
  constexpr std::string_view scheme = "ble";
  if (port.empty() || port == scheme) return std::string();
  if (port.starts_with("ble:hci")) return port.substr(scheme.size() + 1);
  return make_error(Errc::bad_port, port, "write ble:hci1");
}

Result<void> BleDevice::open(const net::asio::any_io_executor& executor,
                             GattServer::Profile profile) {
  name_ = profile.name;
  AIOT_TRY(server_, GattServer::open(executor, std::move(profile), *this));
  address_ = "ble:" + server_->address();
  return {};
}

DeviceResult BleDevice::report_as(std::string_view kind) const {
  DeviceResult out;
  out.chip = kind;
  out.address = address_;
  out.mac = address_.substr(address_.find(':') + 1);
  out.bytes_in = bytes_in_;
  out.bytes_out = bytes_out_;
  out.commands = commands_;
  return out;
}

void BleDevice::count_write(ByteSpan value) {
  ++commands_;
  bytes_in_ += value.size();
}

}  // namespace aiot::sim
