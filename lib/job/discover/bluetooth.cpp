#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <set>

#include "dbus/bluez.hpp"
#include "job/discover/ble.hpp"
#include "job/discover/bus_status.hpp"
#include "protocol/ble/advert.hpp"
#include "protocol/ble/classic.hpp"

namespace aiot::discover {
namespace {

/// Anybody may call himself anything.
constexpr double inquiry_name_confidence = 0.8;
/// bluetoothd answers in milliseconds; it may be busy with a controller that does not.
constexpr std::chrono::seconds inquiry_start_time{10};

struct BluetoothDetails {
  std::string address;
  std::string class_major;
  std::string class_minor;
  std::vector<std::string> services;
  bool bonded = false;
};
void describe(FieldVisitor& v, BluetoothDetails& details) {
  v("address", details.address, "");
  v("class_major", details.class_major, "");
  v("class_minor", details.class_minor, "", Presence::if_set);
  v("services", details.services, "", Presence::if_set);
  v("bonded", details.bonded, "", Presence::if_set);
}

std::optional<Observation> observe_classic(const bluez::Advert& heard) {
  if (!heard.device_class) return std::nullopt;
  Observation out;
  out.source = "bluetooth";
  const std::string mac = to_hex(heard.address, ":");
  out.identities.push_back({IdentityKind::mac, mac});
  out.macs.push_back(mac);
  out.addresses.push_back("bluetooth:" + ble::address_text(heard.address));
  out.jobs.emplace_back("pair");
  claim_text(out.name, heard.name, inquiry_name_confidence);
  if (heard.rssi_dbm && *heard.rssi_dbm < 0) out.rssi_dbm = heard.rssi_dbm;
  const ble::DeviceClass kind = ble::device_class(*heard.device_class);
  BluetoothDetails details;
  details.address = ble::address_text(heard.address);
  details.class_major = kind.major;
  details.class_minor = kind.minor;
  for (const std::string& uuid : heard.service_uuids)
    details.services.push_back(ble::service_name(uuid));
  std::ranges::sort(details.services);
  details.bonded = heard.paired;
  add_details(out, out.source, details);
  return out;
}

class BluetoothSource final : public Source {
 public:
  explicit BluetoothSource(std::string bus_address) : bus_address_(std::move(bus_address)) {}

  SourceInfo info() const override {
    return {"bluetooth", "Bluetooth BR/EDR devices, by inquiry through BlueZ"};
  }

  net::Task<SourceStatus> run(SourceContext& context) override {
    Result<dbus::Bus> bus =
        dbus::Bus::open(co_await net::asio::this_coro::executor, bus_address_);
    if (!bus) co_return status_of(bus.error());
    std::set<Mac> devices;
    auto handler = [&](const bluez::Advert& heard) {
      const auto seen = observe_classic(heard);
      if (!seen) return;
      devices.insert(heard.address);
      context.report(*seen);
    };
    Result<bluez::Watch> watch = bluez::Watch::start(*bus);
    if (!watch) co_return status_of(watch.error());
    while (true) {
      Result<bluez::Scan> scan = co_await bluez::Scan::start(
          *bus, "", handler, context.clock.now() + inquiry_start_time, bluez::Radio::bredr);
      if (!scan && scan.error().condition() == Condition::cancelled) co_return scan.error();
      const auto status = [&] {
        if (!scan) return status_of(scan.error());
        SourceStatus ran;
        const std::string& path = scan->adapter().path;
        ran.detail =
            fmt::format("{} device{} on {}", devices.size(), devices.size() == 1 ? "" : "s",
                                 path.substr(path.rfind('/') + 1));
        return ran;
      };
      if (!context.request.watch) {
        if (scan) {
          Result<void> waited = co_await context.clock.sleep_until(context.deadline);
          (void)waited;  // over, or called off: either way this is all
        }
        co_return status();
      }
      // A search that watches waits for bluetoothd and a controller, and for them to come back.
      context.update(status());
      Result<void> changed = co_await watch->next(context.deadline);
      if (!changed) co_return status();
    }
  }

 private:
  std::string bus_address_;
};

}  // namespace

std::unique_ptr<Source> make_bluetooth_source(std::string bus_address) {
  return std::make_unique<BluetoothSource>(std::move(bus_address));
}

Protocol bluetooth_protocol() { return {[] { return make_bluetooth_source({}); }}; }

}  // namespace aiot::discover
