#pragma once

#include "net/device_engine.hpp"
#include "net/link.hpp"
#include "support/virtual_clock.hpp"

namespace aiot::net {

/// A Link whose other end is an engine in the same process, on virtual time: what the engine says
/// arrives when the engine says so. Both outlive the link.
class MemoryLink final : public Link {
 public:
  /// `info` is what the session gets to see; the usual one is a bridge with lines and baud.
  MemoryLink(VirtualClock& clock, DeviceEngine& device, std::uint32_t baud_bps = 115200);
  MemoryLink(VirtualClock& clock, DeviceEngine& device, std::uint32_t baud_bps, LinkInfo info);

  const LinkInfo& info() const override { return info_; }
  Clock& clock() override { return clock_; }
  Task<std::size_t> read_some(std::span<std::uint8_t> buffer, TimePoint deadline) override;
  Task<void> write(ByteSpan data, TimePoint deadline) override;
  Task<void> drain(TimePoint deadline) override;
  Task<void> discard_input() override;
  Task<void> set_baud(std::uint32_t baud_bps) override;
  Task<void> set_lines(std::span<const LineStep> steps) override;
  /// Waits until the device is on the bus again.
  Task<void> reopen(TimePoint deadline) override;
  void close() override;

  std::uint32_t baud_bps() const { return baud_bps_; }

 private:
  /// Lets the device live up to now, and takes what it has said.
  void settle();
  Result<void> check();
  Task<void> wait_for_device(TimePoint deadline);

  VirtualClock& clock_;
  DeviceEngine& device_;
  LinkInfo info_;
  VirtualClock::Wake wake_;  // the device was told something: its next event may be earlier
  Bytes arrived_;
  std::uint32_t baud_bps_;
  bool dtr_ = false;
  bool rts_ = false;
  bool open_ = true;
  bool lost_ = false;
};

}  // namespace aiot::net
