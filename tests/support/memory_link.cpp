#include "support/memory_link.hpp"

#include <algorithm>

#include "net/clock.hpp"

namespace aiot::net {
namespace {

LinkInfo bridge() {
  LinkInfo info;
  info.kind = "scripted";
  info.has_lines = true;
  info.has_baud = true;
  return info;
}

}  // namespace

MemoryLink::MemoryLink(VirtualClock& clock, DeviceEngine& device, std::uint32_t baud_bps)
    : MemoryLink(clock, device, baud_bps, bridge()) {}

MemoryLink::MemoryLink(VirtualClock& clock, DeviceEngine& device, std::uint32_t baud_bps,
                       LinkInfo info)
    : clock_(clock), device_(device), info_(std::move(info)), baud_bps_(baud_bps) {
  if (info_.has_baud) info_.baud_bps = baud_bps;
  device_.on_host_baud(clock_.now(), baud_bps_);
}

void MemoryLink::settle() {
  // A session may have slept past several of the device's events: each happens at its own time.
  while (true) {
    if (!device_.link_up()) lost_ = true;
    const auto next = device_.next_timer();
    if (!next || *next > clock_.now()) break;
    device_.on_timer(*next);
    append(arrived_, device_.take_output(*next));
  }
  append(arrived_, device_.take_output(clock_.now()));
  if (lost_) arrived_.clear();
}

Result<void> MemoryLink::check() {
  settle();
  if (!open_) return make_error(Errc::link_lost, "the link is closed");
  if (lost_) return make_error(Errc::link_lost);
  return {};
}

Task<void> MemoryLink::wait_for_device(TimePoint deadline) {
  const auto next = device_.next_timer();
  Result<void> waited = co_await clock_.wait(std::min(deadline, next.value_or(deadline)), wake_);
  AIOT_CO_CHECK(std::move(waited));
  settle();
  co_return Result<void>();
}

Task<std::size_t> MemoryLink::read_some(std::span<std::uint8_t> buffer, TimePoint deadline) {
  if (co_await is_cancelled()) co_return make_error(Errc::cancelled);
  while (true) {
    AIOT_CO_CHECK(check());
    if (clock_.now() >= deadline) co_return make_error(Errc::timed_out);
    if (!arrived_.empty()) {
      const std::size_t count = std::min(buffer.size(), arrived_.size());
      const auto end = arrived_.begin() + static_cast<std::ptrdiff_t>(count);
      std::copy(arrived_.begin(), end, buffer.begin());
      arrived_.erase(arrived_.begin(), end);
      co_return count;
    }
    Result<void> waited = co_await wait_for_device(deadline);
    AIOT_CO_CHECK(std::move(waited));
  }
}

Task<void> MemoryLink::write(ByteSpan data, TimePoint) {
  if (co_await is_cancelled()) co_return make_error(Errc::cancelled);
  AIOT_CO_CHECK(check());
  device_.on_bytes(clock_.now(), data);
  wake_.notify();
  co_return Result<void>();
}

Task<void> MemoryLink::drain(TimePoint deadline) {
  while (true) {
    AIOT_CO_CHECK(check());
    const TimePoint sent = device_.host_sent();
    if (sent <= clock_.now()) co_return Result<void>();
    if (clock_.now() >= deadline) co_return make_error(Errc::timed_out, "draining");
    Result<void> waited = co_await wait_for_device(std::min(deadline, sent));
    AIOT_CO_CHECK(std::move(waited));
  }
}

Task<void> MemoryLink::discard_input() {
  AIOT_CO_CHECK(check());
  arrived_.clear();
  co_return Result<void>();
}

Task<void> MemoryLink::set_baud(std::uint32_t baud_bps) {
  AIOT_CO_CHECK(check());
  if (!info_.has_baud) co_return Result<void>();
  baud_bps_ = baud_bps;
  device_.on_host_baud(clock_.now(), baud_bps);
  wake_.notify();
  co_return Result<void>();
}

Task<void> MemoryLink::set_lines(std::span<const LineStep> steps) {
  if (!info_.has_lines) co_return make_error(Errc::not_supported, "DTR and RTS");
  for (const LineStep& step : steps) {
    AIOT_CO_CHECK(check());
    dtr_ = step.dtr.value_or(dtr_);
    rts_ = step.rts.value_or(rts_);
    device_.on_lines(clock_.now(), dtr_, rts_);
    wake_.notify();
    if (step.hold.count() > 0) {
      Result<void> held = co_await clock_.sleep_for(step.hold);
      AIOT_CO_CHECK(std::move(held));
    }
  }
  co_return Result<void>();
}

Task<void> MemoryLink::reopen(TimePoint deadline) {
  settle();
  while (!device_.link_up()) {
    if (clock_.now() >= deadline) co_return make_error(Errc::timed_out, "waiting for the device");
    Result<void> waited = co_await wait_for_device(deadline);
    AIOT_CO_CHECK(std::move(waited));
  }
  lost_ = false;
  open_ = true;
  arrived_.clear();
  device_.on_host_baud(clock_.now(), baud_bps_);
  co_return Result<void>();
}

void MemoryLink::close() { open_ = false; }

}  // namespace aiot::net
