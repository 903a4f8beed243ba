#include <array>

#include "protocol/esp/loader.hpp"

namespace aiot::esp {
namespace {

using std::chrono::milliseconds;

constexpr std::uint16_t espressif_vid = 0x303A;
constexpr std::uint16_t usb_jtag_pid = 0x1001;
constexpr milliseconds in_reset{100};
constexpr milliseconds boot_pin_hold{50};
/// For boards whose reset pin rises slowly (a large capacitor).
constexpr milliseconds long_boot_pin_hold{550};

net::LineStep both(bool dtr, bool rts, milliseconds hold = milliseconds(0)) {
  return {dtr, rts, hold};
}
net::LineStep dtr(bool on, milliseconds hold = milliseconds(0)) { return {on, std::nullopt, hold}; }
net::LineStep rts(bool on, milliseconds hold = milliseconds(0)) { return {std::nullopt, on, hold}; }

/// The CP2102C handshakes on RTS by itself: releasing DTR would let it pull the reset pin.
bool handshakes_always(const net::LinkInfo& link) {
  return link.usb_vid == 0x10C4 && link.usb_pid == 0xEA64;
}

/// Both lines change at once, so that the circuit never sees a pair that means something else.
LineSequence tight(milliseconds hold, bool keep_dtr) {
  LineSequence steps{both(false, false), both(true, true), both(false, true, in_reset),
                     both(true, false, hold)};
  if (!keep_dtr) {
    steps.push_back(both(false, false));
    steps.push_back(dtr(false));  // some hubs drop the change before
  }
  return steps;
}

/// One line after the other, for adapters that cannot change both at once.
LineSequence classic(milliseconds hold, bool keep_dtr) {
  LineSequence steps{dtr(false), rts(true, in_reset), dtr(true), rts(false, hold)};
  if (!keep_dtr) steps.push_back(dtr(false));
  return steps;
}

/// The USB Serial/JTAG unit watches the lines itself, and wants to go through "both asserted".
LineSequence usb_jtag() {
  return {rts(false), dtr(false, in_reset), dtr(true),           rts(false, in_reset),
          rts(true),  dtr(false),           rts(true, in_reset), dtr(false),
          rts(false)};
}

}  // namespace

bool is_usb_jtag(const net::LinkInfo& link) {
  return link.usb_vid == espressif_vid && link.usb_pid == usb_jtag_pid;
}

std::vector<LineSequence> loader_sequences(ResetStrategy strategy, const net::LinkInfo& link) {
  if (strategy == ResetStrategy::none || !link.has_lines) return {};
  if (strategy == ResetStrategy::usb_jtag ||
      (strategy == ResetStrategy::automatic && is_usb_jtag(link))) {
    return {usb_jtag()};
  }
  const bool keep_dtr = handshakes_always(link);
  return {tight(boot_pin_hold, keep_dtr), tight(long_boot_pin_hold, keep_dtr),
          classic(boot_pin_hold, keep_dtr), classic(long_boot_pin_hold, keep_dtr)};
}

LineSequence application_sequence(const net::LinkInfo& link, bool through_otg) {
  if (handshakes_always(link)) {
    return {dtr(false), rts(true, in_reset), dtr(true, in_reset), rts(false)};
  }
  const milliseconds hold = through_otg ? milliseconds(200) : in_reset;
  return {both(false, true, hold),
          both(false, false, through_otg ? milliseconds(200) : milliseconds(0))};
}

// Leaving ---------------------------------------------------------------------------------------
//
// By the lines where there are any; through USB-OTG a pulse would find the boot pin as it was, so
// that a watchdog does it; a ROM has a command for it.

net::Task<void> Loader::leave(bool run_application) {
  if (!run_application) co_return Result<void>();
  if (chip_ == nullptr) {
    if (!link_.info().has_lines) co_return make_error(Errc::cannot_reset);
    const LineSequence steps = application_sequence(link_.info(), false);
    co_return co_await link_.set_lines(steps);
  }
  const BootStrap& boot = chip_->boot;
  if (boot.clear_option && !secure_download_) {
    // ESP32-S3: "force download boot" survives a reset and would bring the loader back.
    Command command(Op::write_reg, words({boot.option, 0, boot.option_mask, 0}), 0,
                    milliseconds(200), 1);
    Result<Answer> cleared = co_await exchange_.ask(std::move(command));
    if (!cleared && cleared.error().condition() == Condition::cancelled)
      co_return std::move(cleared).error();
  }
  const bool otg = through_otg();
  if (otg && !secure_download_) {
    AIOT_CO_TRY(const bool low, co_await boot_pin_still_low());
    if (low) co_return co_await reset_by_watchdog();
  }
  if (link_.info().has_lines) {
    const LineSequence steps = application_sequence(link_.info(), otg);
    Result<void> done = co_await link_.set_lines(steps);
    // The chip's own USB port goes away with the reset.
    const bool gone =
        !done && otg && done.error().code == net::make_error_code(net::Errc::link_lost);
    if (done || gone) co_return Result<void>();
    if (done.error().code != net::make_error_code(net::Errc::not_supported))
      co_return std::move(done).error();
  }
  if (!stub_) {
    // An empty write, and its end: "run user code".
    AIOT_CO_CHECK((co_await begin(Op::flash_begin, 0, 0, 0, 0)).with("leaving the loader"));
    Command command(Op::flash_end, words({1}), 0, milliseconds(500), 1);
    Result<Answer> left = co_await exchange_.ask(std::move(command));
    // The application may start before the reply is out.
    if (!left && !is_lost(left.error()))
      co_return std::move(left).error().with("leaving the loader");
    co_return Result<void>();
  }
  if (link_.info().kind == "pty") {
    // Nobody holds the boot pin behind a pseudo-terminal: the stub's own reset starts the
    // application. "0" in the end of a write is "reboot".
    AIOT_CO_CHECK((co_await begin(Op::flash_begin, 0, 0, 0, 0)).with("leaving the loader"));
    Command command(Op::flash_end, words({0}), 0, milliseconds(500), 1);
    Result<Answer> left = co_await exchange_.ask(std::move(command));
    if (!left && !is_lost(left.error()))
      co_return std::move(left).error().with("leaving the loader");
    co_return Result<void>();
  }
  if (chip_->watchdogs.can_reset) co_return co_await reset_by_watchdog();
  co_return make_error(Errc::cannot_reset, {}, "press RESET on the board, or cycle its power");
}

net::Task<bool> Loader::boot_pin_still_low() {
  const BootStrap& boot = chip_->boot;
  if (boot.strap == 0) co_return false;
  AIOT_CO_TRY(const std::uint32_t strap, co_await read_register(boot.strap));
  AIOT_CO_TRY(const std::uint32_t option, co_await read_register(boot.option));
  co_return (strap & boot.strap_mask) == 0 && (option & boot.option_mask) == 0;
}

net::Task<void> Loader::reset_by_watchdog() {
  const Watchdogs& dog = chip_->watchdogs;
  // Enabled, first stage resets everything, pulses of some length; after 2000 slow clocks.
  constexpr std::uint32_t reset_all = (1u << 31) | (5u << 28) | (1u << 8) | 2u;
  constexpr std::uint32_t ticks = 2000;
  const std::array<std::array<std::uint32_t, 2>, 3> writes = {{
      {dog.protect, dog.key},
      {dog.config1, ticks},
      {dog.config0, reset_all},
  }};
  for (const auto& [address, value] : writes) {
    Result<void> written = co_await write_register(address, value);
    // The last one may be answered too late, by a chip that is gone.
    const bool last = address == dog.config0;
    if (!written && !(last && written.error().condition() == Condition::timeout))
      co_return std::move(written).error().with("resetting by the watchdog");
    if (!written) co_return Result<void>();
  }
  Command command(Op::write_reg, words({dog.protect, 0, 0xFFFFFFFF, 0}), 0, milliseconds(100), 1);
  Result<Answer> locked = co_await exchange_.ask(std::move(command));
  if (!locked && locked.error().condition() == Condition::cancelled)
    co_return std::move(locked).error();
  const net::TimePoint until = link_.clock().now() + milliseconds(500);
  AIOT_CO_CHECK(co_await link_.clock().sleep_until(until));
  co_return Result<void>();
}

}  // namespace aiot::esp
