#pragma once

#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>

#include "aiot/sim.hpp"
#include "protocol/esp/device/device.hpp"
#include "protocol/esp/device/silicon.hpp"
#include "sim/port.hpp"

namespace aiot::sim {

/// The MAC `by` devices after `mac`, of the same maker: the last three bytes count up.
Mac next_mac(Mac mac, unsigned by);

/// One virtual device and the port it is plugged into, driven by the machine's clock.
class Station {
 public:
  Station(const net::asio::any_io_executor& executor, std::unique_ptr<esp::device::Device> device,
          std::unique_ptr<Port> port, std::string flash_file);

  void start();
  void stop();

  std::string address() const { return port_->address(); }
  const esp::device::Device& device() const { return *device_; }
  const std::string& flash_file() const { return flash_file_; }
  /// Called when the device is plugged in again; its address may be another.
  std::function<void(const Station&)> back;
  /// What happened, as fields of the record aiot.sim/1.
  DeviceResult report() const;

 private:
  void pump();
  void flush();
  void client_left();

  std::unique_ptr<esp::device::Device> device_;
  std::unique_ptr<Port> port_;
  std::string flash_file_;
  net::asio::steady_timer timer_;
  Bytes unsent_;
  bool up_ = true;
  bool stopped_ = false;
};

}  // namespace aiot::sim
