#pragma once

#include "net/device_engine.hpp"
#include "protocol/improv/device.hpp"

namespace aiot::improv {

/// A virtual device on a serial port, which prints a log there as well.
class SerialDevice final : public net::DeviceEngine {
 public:
  explicit SerialDevice(DeviceOptions options)
      : device_(std::move(options), Device::Wire::serial) {}

  const Device& device() const { return device_; }

  void on_bytes(net::TimePoint now, ByteSpan bytes) override;
  void on_lines(net::TimePoint, bool, bool) override {}
  void on_host_baud(net::TimePoint, std::uint32_t) override {}
  std::optional<net::TimePoint> next_timer() const override { return device_.next_timer(); }
  void on_timer(net::TimePoint now) override { device_.on_timer(now); }
  Bytes take_output(net::TimePoint now) override;
  bool link_up() const override { return device_.link_up(); }

 private:
  Device device_;
  FrameReader reader_;
};

}  // namespace aiot::improv
