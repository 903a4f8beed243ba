#pragma once

#include <deque>
#include <optional>

#include "aiot/bytes.hpp"
#include "net/clock.hpp"
#include "protocol/esp/device/options.hpp"

namespace aiot::esp::device {

using net::Duration;
using net::TimePoint;

/// Time that `count` bytes take at `baud_bps`: ten bits each.
Duration wire_time(std::uint64_t count, std::uint32_t baud_bps);
/// True when a receiver at one rate understands a sender at the other: within 3 %.
bool rates_match(std::uint32_t a_bps, std::uint32_t b_bps);
/// What a receiver at the wrong rate makes of bytes; `position` is that of the first in its stream.
void garble(Bytes& bytes, std::uint64_t position);

/// The wire towards the device. Bytes arrive in runs that end with a frame's delimiter.
class InWire {
 public:
  struct Run {
    Bytes bytes;
    TimePoint start;  ///< the first bit of the first byte
    TimePoint end;    ///< the last bit of the last byte
    std::uint32_t baud = 0;
    std::uint64_t position = 0;  ///< of the first byte in the stream
  };

  /// Puts bytes on the wire behind what is there.
  void push(TimePoint now, ByteSpan bytes, std::uint32_t baud_bps, bool paced);
  std::optional<TimePoint> next() const;
  Run pop();
  /// Bytes that have not arrived by `when` never will.
  void cut(TimePoint when);
  void clear();
  std::uint64_t pushed() const { return pushed_; }
  /// When the wire is free.
  TimePoint done() const { return free_; }

 private:
  std::deque<Run> runs_;
  TimePoint free_{};
  std::uint64_t pushed_ = 0;
};

/// The wire towards the host, and the adapter behind it that hands bytes over in packets.
class OutWire {
 public:
  explicit OutWire(const Profile& profile) : profile_(profile) {}

  /// Sends from `at` on; returns when the last bit has left the device.
  TimePoint push(TimePoint at, Bytes bytes, std::uint32_t baud_bps);
  /// When the next packet reaches the host.
  std::optional<TimePoint> next(Duration turn_around) const;
  /// What has reached the host by `now`; bytes that its rate does not fit are garbled.
  Bytes take(TimePoint now, Duration turn_around, std::uint32_t host_baud, std::uint32_t limit);
  /// Bytes that have not left the device at `now` never will.
  void cut(TimePoint now);
  void clear() { queue_.clear(); }
  std::uint64_t sent() const { return sent_; }

 private:
  struct Sending {
    Bytes bytes;
    TimePoint start;
    TimePoint end;
    std::uint32_t baud = 0;
    std::size_t taken = 0;
    /// How many bytes have left the device at `time`, whole packets only.
    std::size_t left_at(TimePoint time, const Profile& profile) const;
  };

  const Profile& profile_;
  std::deque<Sending> queue_;
  TimePoint free_{};
  std::uint64_t sent_ = 0;
};

}  // namespace aiot::esp::device
