#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "sim/gatt_server.hpp"
#include "sim/virtual_device.hpp"

namespace aiot::sim {

/// The controller in "ble:hci1"; "" for "ble", which is the first one. Errc::bad_port.
Result<std::string> adapter_of_port(const std::string& port);

/// What virtual devices behind a Bluetooth controller have in common: a server, and what it counts.
class BleDevice : public VirtualDevice, protected GattHandler {
 public:
  void start() override {}  // it is on the air since it was made
  void stop() override { server_.reset(); }
  std::string address() const override { return address_; }
  std::string name() const override { return name_; }

  Result<void> open(const net::asio::any_io_executor& executor, GattServer::Profile profile);

 protected:
  DeviceResult report_as(std::string_view kind) const;
  void count_write(ByteSpan value);
  void count_answer(const Bytes& value) { bytes_out_ += value.size(); }
  /// nullptr before the device is on the air.
  GattServer* server() { return server_.get(); }

 private:
  std::unique_ptr<GattServer> server_;
  std::string name_;
  std::string address_;
  std::uint64_t bytes_in_ = 0;
  std::uint64_t bytes_out_ = 0;
  std::uint64_t commands_ = 0;
};

}  // namespace aiot::sim
