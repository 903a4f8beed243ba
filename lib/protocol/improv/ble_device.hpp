#pragma once

#include "protocol/improv/device.hpp"

namespace aiot::improv {

/// A virtual device behind GATT: its characteristics, named by their UUIDs of 128 bits.
class BleDevice {
 public:
  struct Notification {
    std::string_view uuid;
    Bytes value;
  };

  explicit BleDevice(DeviceOptions options) : device_(std::move(options), Device::Wire::ble) {}

  Device& device() { return device_; }
  const Device& device() const { return device_; }
  Bytes service_data() const {
    return encode_service_data(device_.state(), device_.capabilities());
  }

  /// False: no such characteristic, or not one to write.
  bool on_write(net::TimePoint now, std::string_view uuid, ByteSpan value);
  std::optional<Bytes> on_read(std::string_view uuid) const;
  std::optional<net::TimePoint> next_timer() const { return device_.next_timer(); }
  void on_timer(net::TimePoint now) { device_.on_timer(now); }
  std::optional<Notification> take_notification();
  bool link_up() const { return device_.link_up(); }

 private:
  Device device_;
  Bytes result_;  ///< the latest
};

}  // namespace aiot::improv
