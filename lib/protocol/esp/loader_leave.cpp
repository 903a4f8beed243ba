#include "protocol/esp/loader.hpp"

// Leaving the loader. By the lines where there are any; through USB-OTG a pulse would find the boot
// pin as it was, so that a watchdog does it; a ROM can be told to.
namespace aiot::esp {
namespace {

using std::chrono::milliseconds;

}  // namespace

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
    const Bytes data = words({boot.option, 0, boot.option_mask, 0});
    Command command(Op::write_reg, data, 0, milliseconds(200), 1);
    Result<Answer> cleared = co_await exchange_.ask(std::move(command));
    if (!cleared && cleared.error().condition() == Condition::cancelled)
      co_return std::move(cleared).error();
  }
  const bool otg = through_otg();
  if (otg && !secure_download_) {
    Result<bool> low = co_await boot_pin_still_low();
    if (!low) co_return std::move(low).error();
    if (*low) co_return co_await reset_by_watchdog();
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
    Result<void> begun = co_await begin(Op::flash_begin, 0, 0, 0, 0);
    if (!begun) co_return std::move(begun).error().with("leaving the loader");
    const Bytes run = words({1});
    Command command(Op::flash_end, run, 0, milliseconds(500), 1);
    Result<Answer> left = co_await exchange_.ask(std::move(command));
    // The application may start before the reply is out.
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
  Result<std::uint32_t> strap = co_await read_register(boot.strap);
  if (!strap) co_return std::move(strap).error();
  Result<std::uint32_t> option = co_await read_register(boot.option);
  if (!option) co_return std::move(option).error();
  co_return (*strap & boot.strap_mask) == 0 && (*option & boot.option_mask) == 0;
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
  const Bytes lock = words({dog.protect, 0, 0xFFFFFFFF, 0});
  Command command(Op::write_reg, lock, 0, milliseconds(100), 1);
  Result<Answer> locked = co_await exchange_.ask(std::move(command));
  if (!locked && locked.error().condition() == Condition::cancelled)
    co_return std::move(locked).error();
  const net::TimePoint until = link_.clock().now() + milliseconds(500);
  Result<void> waited = co_await link_.clock().sleep_until(until);
  if (!waited) co_return std::move(waited).error();
  co_return Result<void>();
}

}  // namespace aiot::esp
