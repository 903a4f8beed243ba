#include "protocol/esp/identify.hpp"

#include <boost/asio/this_coro.hpp>

namespace aiot::esp {
namespace {

net::Task<Identity> ask(Loader& loader) {
  Identity out;
  out.chip = &loader.chip();
  if (loader.secure_download()) {
    out.security.secure_download = true;
    co_return out;
  }
  AIOT_CO_TRY(out.security, co_await loader.security_info());
  if (out.security.secure_download) co_return out;
  AIOT_CO_TRY(out.mac, co_await loader.read_mac());
  AIOT_CO_TRY(out.revision, co_await loader.read_revision());
  AIOT_CO_TRY(const FlashId flash, co_await loader.attach_flash());
  out.flash_bytes = flash.size_bytes;
  co_return out;
}

}  // namespace

net::Task<Identity> identify(net::Link& link) {
  Loader loader(link);
  ConnectOptions options;
  options.attempts = 2;
  Result<void> connected = co_await loader.connect(std::move(options));
  if (!connected) {
    if (!link.info().has_lines) co_return std::move(connected).error();
    // It may sit in its loader, unheard, or have been stopped in the middle of a reset.
    co_await net::asio::this_coro::reset_cancellation_state();
    const LineSequence steps = application_sequence(link.info(), false);
    Result<void> released = co_await link.set_lines(steps);
    (void)released;  // what went wrong first is what matters
    co_return std::move(connected).error();
  }
  Result<Identity> identity = co_await ask(loader);
  co_await net::asio::this_coro::reset_cancellation_state();
  Result<void> left = co_await loader.leave(true);
  if (identity && !left) co_return std::move(left).error();
  co_return identity;
}

}  // namespace aiot::esp
