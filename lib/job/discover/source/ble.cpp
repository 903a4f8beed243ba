#include <fmt/format.h>

#include <boost/asio/this_coro.hpp>

#include "config/bind_keys.hpp"
#include "job/discover/ble_observer.hpp"
#include "job/discover/source/status.hpp"
#include "job/discover/source/system_bus.hpp"
#include "net/dbus/bluez_watch.hpp"
#include "protocol/ble/bluez.hpp"

namespace aiot::discover {
namespace {

/// bluetoothd answers in milliseconds; it may be busy with a controller that does not.
constexpr std::chrono::seconds patience{10};

class BleSource final : public Source {
 public:
  explicit BleSource(std::string bus_address) : bus_address_(std::move(bus_address)) {}

  SourceInfo info() const override { return {"ble", "Bluetooth LE adverts, through BlueZ"}; }

  net::Task<SourceStatus> run(SourceContext& context) override {
    config::BindKeys keys;
    if (!context.request.keys_file.empty()) {
      Result<config::BindKeys> read = config::read_bind_keys(context.request.keys_file);
      if (!read) co_return status_of(read.error());
      keys = *std::move(read);
    }
    Result<net::dbus::Bus> bus =
        net::dbus::Bus::open(co_await net::asio::this_coro::executor, bus_address_);
    if (!bus) co_return status_of(bus.error());
    BleObserver observer(std::move(keys));
    int adverts = 0;
    auto handler = [&](const net::bluez::Advert& heard) {
      ++adverts;
      if (const auto advert = ble::to_advert(heard)) context.report(observer.observe(*advert));
    };
    Result<net::bluez::Watch> watch = net::bluez::Watch::start(*bus);
    if (!watch) co_return status_of(watch.error());
    while (true) {
      Result<net::bluez::Scan> scan =
          co_await net::bluez::Scan::start(*bus, "", handler, context.clock.now() + patience);
      if (!scan && scan.error().condition() == Condition::cancelled) co_return scan.error();
      SourceStatus status = scan ? ending(*scan, adverts, {}) : status_of(scan.error());
      if (!context.request.watch) {
        if (!scan) co_return status;
        Result<void> waited = co_await context.clock.sleep_until(context.deadline);
        (void)waited;  // over, or called off: either way this is all
        co_return ending(*scan, adverts, observer.key_problems());
      }
      // Whoever watches waits for bluetoothd and a controller, and for them to come back.
      context.tell(status);
      Result<void> changed = co_await watch->next(context.deadline);
      if (changed) continue;
      co_return scan ? ending(*scan, adverts, observer.key_problems()) : std::move(status);
    }
  }

 private:
  static SourceStatus ending(const net::bluez::Scan& scan, int adverts,
                             const std::vector<std::string>& problems) {
    const net::bluez::Adapter& adapter = scan.adapter();
    SourceStatus status;
    status.detail = fmt::format("{} adverts on {} ({})", adverts,
                                adapter.path.substr(adapter.path.rfind('/') + 1), adapter.address);
    if (!problems.empty()) {
      status.detail += "; " + fmt::format("{}", fmt::join(problems, "; "));
      status.hint = "check these devices' bind keys";
    }
    return status;
  }

  std::string bus_address_;
};

}  // namespace

std::unique_ptr<Source> make_ble_source(std::string bus_address) {
  return std::make_unique<BleSource>(std::move(bus_address));
}

std::unique_ptr<Source> make_ble_source() { return make_ble_source(std::string()); }

}  // namespace aiot::discover
