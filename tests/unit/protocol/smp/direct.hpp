#pragma once

#include <algorithm>
#include <deque>

#include "protocol/smp/device.hpp"
#include "protocol/smp/transport.hpp"
#include "support/virtual_clock.hpp"

namespace aiot::smp {

/// Packets to a virtual device and back, without a wire.
class Direct final : public Transport {
 public:
  Direct(net::VirtualClock& clock, Device& device) : clock_(clock), device_(device) {}

  net::Clock& clock() override { return clock_; }
  net::Task<void> send(ByteSpan packet, net::TimePoint) override {
    ++sent;
    if (std::optional<Bytes> reply = device_.on_packet(packet)) replies_.push_back(*reply);
    most_waiting = std::max(most_waiting, replies_.size());
    co_return Result<void>();
  }
  net::Task<Bytes> receive(net::TimePoint deadline) override {
    if (replies_.empty()) {
      AIOT_CO_CHECK(co_await clock_.sleep_until(deadline));
      co_return make_error(net::Errc::timed_out);
    }
    Bytes reply = std::move(replies_.front());
    replies_.pop_front();
    co_return reply;
  }
  net::Task<void> reopen(net::TimePoint) override { co_return Result<void>(); }
  std::size_t least_packet_bytes() const override { return 256; }
  std::size_t most_packet_bytes() const override { return 512; }

  std::size_t sent = 0;
  std::size_t most_waiting = 0;

 private:
  net::VirtualClock& clock_;
  Device& device_;
  std::deque<Bytes> replies_;
};

}  // namespace aiot::smp
