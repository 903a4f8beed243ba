#include <fmt/format.h>

#include "protocol/esp/loader.hpp"

// Changing the rate, and the ROMs that are wrong about their crystal.
namespace aiot::esp {
namespace {

using std::chrono::milliseconds;

/// The UART is reprogrammed within this.
constexpr milliseconds settle{10};
/// SYNCs at the new rate: the first may fall into the change, and garbage before the second may
/// have begun a frame, which the C0 more that the third has ends.
constexpr int syncs_at_new_rate = 3;
/// And back at the old one.
constexpr int syncs_at_old_rate = 2;

constexpr std::uint64_t scaled(std::uint64_t baud, std::uint64_t times, std::uint64_t by) {
  return baud * times / by;
}

}  // namespace

net::Task<void> Loader::set_host_rate(std::uint32_t baud_bps) {
  Result<void> set = co_await link_.set_baud(baud_bps);
  if (!set) co_return std::move(set).error().with(fmt::format("setting {} baud", baud_bps));
  baud_ = baud_bps;
  exchange_.set_rate(baud_bps);
  co_return Result<void>();
}

net::Task<std::uint32_t> Loader::rate_for_rom(std::uint32_t baud_bps) {
  const BaudRule rule = chip_->baud_rule;
  if (stub_ || secure_download_ || rule == BaudRule::plain) co_return baud_bps;
  if (rule == BaudRule::esp32) {
    // The ROM measures its crystal against the 8 MHz RC oscillator, which drifts: what it would
    // make of the rate is computed here, and the rate asked for is bent the other way.
    constexpr BitField calibration{0x3FF5F06C, 7, 25};
    constexpr BitField rc_mhz{0x3FF5A010, 0, 8};
    Result<std::uint32_t> cycles = co_await read_field(calibration);
    if (!cycles) co_return std::move(cycles).error();
    Result<std::uint32_t> rc = co_await read_field(rc_mhz);
    if (!rc) co_return std::move(rc).error();
    const std::uint64_t believed = std::uint64_t{*cycles} * 15625 * *rc / 40;
    if (believed < 20'000'000 || believed > 60'000'000) co_return baud_bps;  // not calibrated
    const std::uint64_t crystal = believed > 33'000'000 ? 40'000'000 : 26'000'000;
    co_return static_cast<std::uint32_t>(scaled(baud_bps, believed, crystal));
  }
  // The divider and the rate that works give the true crystal.
  const BitField divider{chip_->uart_clkdiv, 0, 20};
  Result<std::uint32_t> clocks = co_await read_field(divider);
  if (!clocks) co_return std::move(clocks).error();
  const std::uint64_t crystal = std::uint64_t{baud_} * *clocks / chip_->xtal_divider;
  if (crystal < 20'000'000) co_return baud_bps;  // the register says nothing
  if (rule == BaudRule::assumes_40m) {
    co_return crystal > 33'000'000 ? baud_bps
                                   : static_cast<std::uint32_t>(scaled(baud_bps, 40, 26));
  }
  constexpr BitField believed_mhz{0x60096110, 24, 7};
  Result<std::uint32_t> believed = co_await read_field(believed_mhz);
  if (!believed) co_return std::move(believed).error();
  const std::uint64_t true_mhz = crystal > 45'000'000 ? 48 : 40;
  const bool known = *believed == 40 || *believed == 48;
  co_return known ? static_cast<std::uint32_t>(scaled(baud_bps, *believed, true_mhz)) : baud_bps;
}

net::Task<void> Loader::change_baud(std::uint32_t baud_bps) {
  const std::uint32_t old = baud_;
  if (baud_bps == old) co_return Result<void>();
  if (!can_change_baud()) co_return needs_stub("another rate");
  // A rate that this end cannot make is found out before the chip is told.
  Result<void> tried = co_await set_host_rate(baud_bps);
  const bool possible = tried.has_value();
  Result<void> back = co_await set_host_rate(old);
  if (!back) co_return std::move(back).error();
  if (!possible) co_return std::move(tried).error();

  Result<std::uint32_t> asked = co_await rate_for_rom(baud_bps);
  if (!asked) co_return std::move(asked).error();
  const Bytes data = words({*asked, stub_ ? old : 0});
  Command command(Op::change_baudrate, data, 0, default_timeout, 1);
  Result<Answer> answer = co_await exchange_.ask(std::move(command));
  if (!answer && !is_lost(answer.error())) co_return std::move(answer).error();

  Result<void> set = co_await set_host_rate(baud_bps);
  if (!set) co_return std::move(set).error();
  net::TimePoint until = link_.clock().now() + settle;
  Result<void> slept = co_await link_.clock().sleep_until(until);
  if (!slept) co_return std::move(slept).error();
  Result<void> dropped = co_await exchange_.discard();
  if (!dropped) co_return std::move(dropped).error();
  Result<bool> checked = co_await exchange_.sync(syncs_at_new_rate);
  if (checked) co_return Result<void>();
  Error why = std::move(checked).error();
  if (!is_lost(why) && why.condition() != Condition::protocol) co_return std::move(why);

  // Ask once more for the old rate, unheard, and see who listens there.
  const Bytes undo = words({old, stub_ ? baud_bps : 0});
  const Bytes frame = frame_request(Op::change_baudrate, undo);
  Result<void> sent = co_await exchange_.send(frame);
  if (!sent) co_return std::move(sent).error();
  const net::TimePoint drained = link_.clock().now() + default_timeout;
  Result<void> gone = co_await link_.drain(drained);
  if (!gone) co_return std::move(gone).error();
  set = co_await set_host_rate(old);
  if (!set) co_return std::move(set).error();
  until = link_.clock().now() + settle;
  slept = co_await link_.clock().sleep_until(until);
  if (!slept) co_return std::move(slept).error();
  dropped = co_await exchange_.discard();
  if (!dropped) co_return std::move(dropped).error();
  Result<bool> found = co_await exchange_.sync(syncs_at_old_rate);
  if (!found && !is_lost(found.error()) && found.error().condition() != Condition::protocol)
    co_return std::move(found).error().with("returning to the old rate");
  if (!found) {
    co_return make_error(Errc::baud_lost, fmt::format("at {} baud", baud_bps),
                         "reset the chip into its loader, and choose a slower rate");
  }
  co_return make_error(Errc::baud_failed, fmt::format("at {} baud", baud_bps),
                       "the cable or the adapter may not carry this rate; a slower one may work");
}

}  // namespace aiot::esp
