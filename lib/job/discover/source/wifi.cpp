#include "net/dbus/wifi.hpp"

#include <fmt/format.h>

#include <boost/asio/this_coro.hpp>
#include <set>

#include "job/discover/softap.hpp"
#include "job/discover/source/status.hpp"
#include "job/discover/source/system_bus.hpp"

namespace aiot::discover {
namespace {

using std::chrono::seconds;

/// NetworkManager and wpa_supplicant answer in milliseconds.
constexpr seconds wifi_patience{10};
/// What was heard longer ago may have gone.
constexpr seconds fresh{20};
/// Between two scans: each takes the radio away from its network for a moment.
constexpr seconds pause{10};

class WifiSource final : public Source {
 public:
  explicit WifiSource(std::string bus_address) : bus_address_(std::move(bus_address)) {}

  SourceInfo info() const override {
    return {"wifi",
            "Wi-Fi networks of devices that wait to be set up, through NetworkManager or "
            "wpa_supplicant"};
  }

  net::Task<SourceStatus> run(SourceContext& context) override {
    Result<net::dbus::Bus> bus =
        net::dbus::Bus::open(co_await net::asio::this_coro::executor, bus_address_);
    if (!bus) co_return status_of(bus.error());
    using net::wifi::Manager;
    Result<std::unique_ptr<Manager>> manager =
        co_await Manager::find(*bus, context.clock.now() + wifi_patience);
    if (!manager) co_return status_of(manager.error());
    SourceStatus status;
    while (true) {
      // What is known already comes first: a scan may take longer than the search.
      Result<void> looked = co_await look(context, **manager);
      if (looked) looked = co_await (*manager)->scan(context.deadline);
      if (looked) looked = co_await look(context, **manager);
      if (looked) looked = co_await wait(context);
      if (looked && context.clock.now() < context.deadline) continue;
      const bool over = looked || looked.error().condition() == Condition::timeout ||
                        looked.error().condition() == Condition::cancelled;
      if (!over) status = status_of(looked.error());
      break;
    }
    if (status.state == SourceState::ran) status.detail = detail(**manager);
    co_return status;
  }

 private:
  net::Task<void> look(SourceContext& context, net::wifi::Manager& manager) {
    AIOT_CO_TRY(const auto points, co_await manager.list(context.deadline));
    for (const net::wifi::AccessPoint& point : points) {
      if (point.age && *point.age > fresh) continue;
      heard_.insert(point.bssid);
      if (auto seen = observe_soft_ap(point)) context.report(*std::move(seen));
    }
    co_return Result<void>();
  }

  /// Until the next scan is due, or the search is over.
  static net::Task<void> wait(SourceContext& context) {
    const net::TimePoint next = context.clock.now() + pause;
    co_return co_await context.clock.sleep_until(std::min(next, context.deadline));
  }

  std::string detail(const net::wifi::Manager& manager) const {
    return fmt::format("{} access points on {} ({})", heard_.size(),
                       fmt::join(manager.interfaces(), ", "), manager.name());
  }

  std::string bus_address_;
  std::set<std::string> heard_;
};

}  // namespace

std::unique_ptr<Source> make_wifi_source(std::string bus_address) {
  return std::make_unique<WifiSource>(std::move(bus_address));
}

std::unique_ptr<Source> make_wifi_source() { return make_wifi_source(std::string()); }

}  // namespace aiot::discover
