#include "protocol/esp/device/wire.hpp"

#include <algorithm>

namespace aiot::esp::device {

Duration wire_time(std::uint64_t count, std::uint32_t baud_bps) {
  if (baud_bps == 0) return {};
  return std::chrono::nanoseconds(count * 10'000'000'000ULL / baud_bps);
}

bool rates_match(std::uint32_t a_bps, std::uint32_t b_bps) {
  const std::uint64_t low = std::min(a_bps, b_bps);
  const std::uint64_t high = std::max(a_bps, b_bps);
  return (high - low) * 100 <= low * 3;
}

void garble(Bytes& bytes, std::uint64_t position) {
  for (std::uint8_t& byte : bytes) {
    const auto mix = static_cast<std::uint8_t>((position * 0x9D + 0x35) ^ (position >> 3));
    byte = static_cast<std::uint8_t>((byte >> 1 | 0x80) ^ (mix & 0x5A));
    if (byte == 0xC0) byte = 0xF0;  // no frame starts there by accident
    ++position;
  }
}

void InWire::push(TimePoint now, ByteSpan bytes, std::uint32_t baud_bps, bool paced) {
  free_ = std::max(free_, now);
  while (!bytes.empty()) {
    const auto delimiter = std::ranges::find(bytes, 0xC0);
    const std::size_t size =
        static_cast<std::size_t>(delimiter - bytes.begin()) + (delimiter != bytes.end() ? 1 : 0);
    const Duration time = paced ? wire_time(size, baud_bps) : Duration{};
    runs_.push_back({Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)), free_,
                     free_ + time, baud_bps, pushed_});
    free_ += time;
    pushed_ += size;
    bytes = bytes.subspan(size);
  }
}

std::optional<TimePoint> InWire::next() const {
  if (runs_.empty()) return std::nullopt;
  return runs_.front().end;
}

InWire::Run InWire::pop() {
  Run run = std::move(runs_.front());
  runs_.pop_front();
  return run;
}

void InWire::cut(TimePoint when) {
  while (!runs_.empty() && runs_.back().start >= when && runs_.back().end > when) runs_.pop_back();
  if (!runs_.empty() && runs_.back().end > when) {
    Run& last = runs_.back();
    const auto nanos = static_cast<std::uint64_t>((when - last.start).count());
    last.bytes.resize(
        std::min<std::uint64_t>(last.bytes.size(), nanos * last.baud / 10'000'000'000ULL));
    last.end = when;
    if (last.bytes.empty()) runs_.pop_back();
  }
  free_ = std::min(free_, when);
}

void InWire::clear() {
  runs_.clear();
  free_ = {};
}

TimePoint OutWire::push(TimePoint at, Bytes bytes, std::uint32_t baud_bps) {
  free_ = std::max(free_, at);
  if (bytes.empty()) return free_;
  const Duration time = profile_.paced ? wire_time(bytes.size(), baud_bps) : Duration{};
  sent_ += bytes.size();
  queue_.push_back({std::move(bytes), free_, free_ + time, baud_bps});
  free_ += time;
  return free_;
}

std::size_t OutWire::Sending::left_at(TimePoint time, const Profile& profile) const {
  if (time >= end) return bytes.size();
  if (time < start + profile.packet || profile.packet.count() == 0) return 0;
  const auto packets = (time - start) / profile.packet;
  const auto nanos = static_cast<std::uint64_t>(packets * profile.packet.count());
  return static_cast<std::size_t>(nanos * baud / 10'000'000'000ULL);
}

std::optional<TimePoint> OutWire::next(Duration turn_around) const {
  if (queue_.empty()) return std::nullopt;
  const Sending& front = queue_.front();
  if (profile_.packet.count() == 0) return front.end + turn_around;
  // The first packet boundary at which more has left than was taken.
  TimePoint when = front.start + profile_.packet;
  if (front.taken > 0) {
    const Duration taken = wire_time(front.taken, front.baud);
    when = front.start + profile_.packet * (taken / profile_.packet + 1);
  }
  while (when < front.end && front.left_at(when, profile_) <= front.taken) when += profile_.packet;
  return std::min(when, front.end) + turn_around;
}

Bytes OutWire::take(TimePoint now, Duration turn_around, std::uint32_t host_baud,
                    std::uint32_t limit) {
  Bytes out;
  while (!queue_.empty()) {
    Sending& front = queue_.front();
    const std::size_t left = front.left_at(now - turn_around, profile_);
    if (left <= front.taken) break;
    Bytes piece(front.bytes.begin() + static_cast<std::ptrdiff_t>(front.taken),
                front.bytes.begin() + static_cast<std::ptrdiff_t>(left));
    const bool understood =
        (host_baud == 0 || rates_match(host_baud, front.baud)) && front.baud <= limit;
    if (!understood) garble(piece, front.taken);
    append(out, piece);
    front.taken = left;
    if (left < front.bytes.size()) break;
    queue_.pop_front();
  }
  return out;
}

void OutWire::cut(TimePoint now) {
  // On an unpaced wire what is sent at this very instant has left already.
  while (!queue_.empty() && queue_.back().start >= now && queue_.back().end > now)
    queue_.pop_back();
  if (!queue_.empty() && queue_.back().end > now) {
    Sending& last = queue_.back();
    const auto nanos = static_cast<std::uint64_t>((now - last.start).count());
    last.bytes.resize(
        std::min<std::size_t>(last.bytes.size(), nanos * last.baud / 10'000'000'000ULL));
    last.end = now;
    if (last.bytes.size() <= last.taken) queue_.pop_back();
  }
  free_ = now;
}

}  // namespace aiot::esp::device
