#pragma once

#include "net/link.hpp"
#include "support/virtual_clock.hpp"

namespace aiot::net {

/// A Link whose other end says one thing again and again, from the beginning and for ever, and
/// takes whatever is written: for what must end all the same. Virtual time passes with the bytes.
class FloodLink final : public Link {
 public:
  FloodLink(VirtualClock& clock, Bytes text) : clock_(clock), text_(std::move(text)) {
    info_.kind = "flood";
    info_.has_lines = true;
    info_.has_baud = true;
  }

  const LinkInfo& info() const override { return info_; }
  Clock& clock() override { return clock_; }
  Task<std::size_t> read_some(std::span<std::uint8_t> buffer, TimePoint deadline) override {
    if (co_await is_cancelled()) co_return make_error(Errc::cancelled);
    if (clock_.now() >= deadline) co_return make_error(Errc::timed_out);
    Result<void> slept = co_await clock_.sleep_for(read_time);
    AIOT_CO_CHECK(std::move(slept));
    for (std::uint8_t& byte : buffer) byte = text_[next_++ % text_.size()];
    co_return buffer.size();
  }
  Task<void> write(ByteSpan, TimePoint) override { co_return Result<void>(); }
  Task<void> drain(TimePoint) override { co_return Result<void>(); }
  Task<void> discard_input() override { co_return Result<void>(); }
  Task<void> set_baud(std::uint32_t) override { co_return Result<void>(); }
  Task<void> set_lines(std::span<const LineStep> steps) override {
    for (const LineStep& step : steps) {
      Result<void> held = co_await clock_.sleep_for(step.hold);
      AIOT_CO_CHECK(std::move(held));
    }
    co_return Result<void>();
  }
  Task<void> reopen(TimePoint) override { co_return Result<void>(); }
  void close() override {}

 private:
  static constexpr std::chrono::milliseconds read_time{1};

  VirtualClock& clock_;
  Bytes text_;
  LinkInfo info_;
  std::size_t next_ = 0;
};

/// Things to say without end: silence of a kind, text, a line that never ends, frames of SLIP that
/// are empty, short, or look like replies of an Espressif loader.
inline std::vector<Bytes> floods() {
  Bytes replies = {0xC0, 0x01, 0x0A, 0x04, 0, 0x83, 0x1D, 0xF0, 0, 0, 0, 0, 0, 0xC0};
  return {{0},          {'o', 'n', ' ', 'a', 'n', 'd', ' ', 'o', 'n', '\r', '\n'},
          {'x'},        {0xC0},
          {0xC0, 0x01}, std::move(replies),
          {0x30, 0x00}, {0xFF}};
}

}  // namespace aiot::net
