#pragma once

#include <cstdint>
#include <optional>

#include "aiot/bytes.hpp"
#include "net/clock.hpp"

namespace aiot::net {

/// The device side of a wire as an engine without I/O: bytes, line changes and time go in, bytes
/// and the time of the next event come out. A MemoryLink drives it in tests on a virtual clock; a
/// driver in lib/sim puts the same engine behind a pty or a socket.
///
/// Its driver calls with times that never go back, calls on_timer() as soon as next_timer()
/// is due, and asks next_timer() again after every other call.
class DeviceEngine {
 public:
  virtual ~DeviceEngine() = default;

  /// The host has put these bytes on the wire. The engine models how long they travel.
  virtual void on_bytes(TimePoint now, ByteSpan bytes) = 0;
  /// The modem lines are now so (true: asserted, the pin is low). Called on every change of either.
  virtual void on_lines(TimePoint now, bool dtr, bool rts) = 0;
  /// The host's end of the wire runs at this rate now. Also called once, before the first byte.
  virtual void on_host_baud(TimePoint now, std::uint32_t baud_bps) = 0;

  /// When something happens by itself next: a step of the device, or output reaching the host.
  virtual std::optional<TimePoint> next_timer() const = 0;
  virtual void on_timer(TimePoint now) = 0;

  /// The bytes that have reached the host by `now` and were not taken yet; often empty.
  virtual Bytes take_output(TimePoint now) = 0;
  /// When the last byte given to on_bytes() has left the host's end, which is what draining the
  /// port waits for. In the past for an engine that does not pace its wire.
  virtual TimePoint host_sent() const { return TimePoint::min(); }
  /// False while the device is off the bus (unplugged, re-enumerating): the host's port is gone.
  virtual bool link_up() const = 0;
};

}  // namespace aiot::net
