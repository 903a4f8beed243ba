#include <fmt/format.h>

#include <array>

#include "job/flash/device.hpp"
#include "job/flash/error.hpp"
#include "protocol/esp/error.hpp"

// Finding the fastest rate that the wire at hand carries.
namespace aiot::flash {
namespace {

constexpr std::array<std::uint32_t, 4> faster_bauds = {2'000'000, 921'600, 460'800, 230'400};
constexpr std::uint16_t espressif_usb_vid = 0x303A;

/// The rate does not work here; another may.
bool rate_is_too_fast(const Error& error) {
  return error.code == make_error_code(esp::Errc::baud_failed) ||
         error.code == make_error_code(esp::Errc::baud_lost) ||
         error.code == make_error_code(net::Errc::bad_baud);
}

}  // namespace

Result<void> check_baud(std::uint32_t baud_bps) {
  if (baud_bps >= least_baud_bps && baud_bps <= most_baud_bps) return {};
  return make_error(Errc::bad_baud, fmt::format("{} baud", baud_bps),
                    fmt::format("choose one from {} to {}", least_baud_bps, most_baud_bps));
}

std::vector<std::uint32_t> Device::rates_to_try() const {
  const std::uint32_t wanted = context_.session().baud_bps;
  std::vector<std::uint32_t> rates;
  if (wanted != 0) rates.push_back(wanted);
  const std::uint32_t fastest = wanted != 0 ? wanted - 1 : loader_->chip().max_baud_bps;
  for (const std::uint32_t rate : faster_bauds) {
    if (rate <= fastest && rate > start_baud_) rates.push_back(rate);
  }
  std::erase_if(rates, [this](std::uint32_t rate) { return rate > baud_cap_; });
  return rates;
}

net::Task<void> Device::start_over(bool with_stub) {
  AIOT_CO_CHECK(co_await connect());
  if (with_stub) {
    AIOT_CO_CHECK(co_await start_stub(false));
  }
  co_return Result<void>();
}

net::Task<void> Device::raise_baud() {
  const std::uint32_t wanted = context_.session().baud_bps;
  const net::LinkInfo& link = link_->info();
  baud_raised_ = true;
  if (!link.has_baud || link.usb_vid == espressif_usb_vid) {
    if (wanted != 0 && !link.has_baud) {
      context_.notice("flash.no_baud", "this link has no rate to set; it stays as it is");
    }
    co_return Result<void>();
  }
  const bool with_stub = loader_->stub_running();
  for (const std::uint32_t rate : rates_to_try()) {
    Result<void> changed = co_await loader_->change_baud(rate);
    context_.log(event::Level::info,
                 fmt::format("{} baud: {}", rate, changed ? "works" : changed.error().message()));
    if (changed) break;
    if (!rate_is_too_fast(changed.error())) co_return changed;
    baud_cap_ = rate - 1;  // not again on a reconnect
    if (rate == wanted) {
      context_.notice("flash.baud_failed", fmt::format("{} baud does not work on this wire", rate),
                      "a shorter cable or a better adapter may carry it");
    }
    if (changed.error().code != make_error_code(esp::Errc::baud_lost)) continue;
    // Whoever forbids a reset is told that one is needed.
    if (context_.session().before == Before::none) co_return changed;
    AIOT_CO_CHECK(co_await start_over(with_stub));
  }
  context_.fields.set("baud_bps", loader_->baud_bps());
  co_return Result<void>();
}

void Device::lower_baud() {
  const std::uint32_t current = loader_ ? loader_->baud_bps() : start_baud_;
  if (current > start_baud_) baud_cap_ = current - 1;
}

}  // namespace aiot::flash
