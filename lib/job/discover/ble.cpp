#include "job/discover/ble.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/this_coro.hpp>

#include "job/discover/bus_status.hpp"
#include "job/discover/identity.hpp"
#include "dbus/bluez.hpp"
#include "protocol/ble/beacon.hpp"
#include "protocol/ble/advert.hpp"

namespace aiot::discover {
namespace {

/// A format that names the ecosystem is good evidence; the advert itself may still be forged.
constexpr double format_confidence = 0.9;
constexpr double company_confidence = 0.6;

/// What an advert says that has no field of its own; of what several parts of it say, the first
/// counts.
struct BleDetails {
  std::string address;
  bool is_public = false;
  std::optional<int> tx_power_dbm;
  std::optional<int> appearance;
  bool damaged = false;
  std::vector<std::string> services;
  std::vector<std::string> companies;
  std::vector<std::string> formats;
  std::optional<int> product_id;
  std::optional<bool> encrypted;
  bool mesh = false;
  std::optional<std::string> security;
};
constexpr std::array<std::string_view, 2> address_kinds = {"random", "public"};
void describe(FieldVisitor& v, BleDetails& details) {
  v("address", details.address, "");
  std::string kind(address_kinds[details.is_public ? 1 : 0]);
  v("address_kind", kind, "");
  v("tx_power_dbm", details.tx_power_dbm, "");
  v("appearance", details.appearance, "");
  v("damaged", details.damaged, "", Presence::if_set);
  v("services", details.services, "", Presence::if_set);
  v("companies", details.companies, "", Presence::if_set);
  v("formats", details.formats, "", Presence::if_set);
  v("product_id", details.product_id, "");
  v("encrypted", details.encrypted, "");
  v("mesh", details.mesh, "", Presence::if_set);
  v("security", details.security, "");
}

template <class T, class V>
void set_first(std::optional<T>& known, V&& value) {
  if (!known) known = T(std::forward<V>(value));
}

void add_mac(const ble::DeviceAddress& address, Observation& out) {
  const std::string mac = to_hex(address, ":");
  out.identities.push_back({IdentityKind::mac, mac});
  if (std::find(out.macs.begin(), out.macs.end(), mac) == out.macs.end()) out.macs.push_back(mac);
}

std::optional<DeviceState> state_named(std::string_view name) {
  for (const auto state :
       {DeviceState::unprovisioned, DeviceState::provisioned, DeviceState::secured}) {
    if (state_name(state) == name) return state;
  }
  return std::nullopt;
}

/// One advert as it is taken apart.
class AdvertReader {
 public:
  explicit AdvertReader(const ble::Advert& advert) : advert_(advert) {
    out_.source = "ble";
    add_advertiser();
    add_services();
  }

  void add(const ble::SensorData& sensor) {
    add_format(sensor.format, sensor.ecosystem);
    claim_text(out_.model, sensor.model, format_confidence);
    if (sensor.product) set_first(details_.product_id, int{*sensor.product});
    set_first(details_.encrypted, sensor.encrypted);
    details_.mesh |= sensor.mesh;
    if (sensor.solicited) {
      claim(out_.state, DeviceState::unprovisioned, format_confidence);
    } else if (sensor.encrypted) {
      claim(out_.state, DeviceState::secured, format_confidence);
    } else if (sensor.registered) {
      claim(out_.state, DeviceState::provisioned, format_confidence);
    }
    if (sensor.address) add_mac(*sensor.address, out_);
    if (sensor.security) set_first(details_.security, security_text(*sensor.security));
    readings_.insert(readings_.end(), sensor.readings.begin(), sensor.readings.end());
  }

  void add(const ble::beacon::Finding& finding) {
    add_format(finding.format, finding.ecosystem);
    if (const auto state = state_named(finding.state)) {
      claim(out_.state, *state, format_confidence);
    }
    if (!finding.job.empty()) out_.jobs.emplace_back(finding.job);
    if (!finding.hardware_id.empty()) {
      // HomeKit's id is the same over IP.
      const std::string scope = finding.format == "homekit" ? "hap" : std::string(finding.format);
      out_.identities.push_back({IdentityKind::hardware_id, finding.hardware_id, scope});
    }
    if (finding.address) add_mac(*finding.address, out_);
    if (finding.discriminator) claim(out_.discriminator, *finding.discriminator);
    if (finding.vendor_id) claim(out_.vendor_id, *finding.vendor_id);
    if (finding.product_id) claim(out_.product_id, *finding.product_id);
    claim_text(out_.vendor, finding.vendor, format_confidence);
    claim_text(out_.model, finding.model, format_confidence);
    readings_.insert(readings_.end(), finding.readings.begin(), finding.readings.end());
  }

  Observation take() {
    add_vendor();
    std::sort(out_.jobs.begin(), out_.jobs.end());
    out_.jobs.erase(std::unique(out_.jobs.begin(), out_.jobs.end()), out_.jobs.end());
    add_details(out_, out_.source, details_);
    for (const ble::Reading& reading : readings_) {
      add_detail(out_, "ble." + full_name(reading), reading.value);
    }
    return std::move(out_);
  }

 private:
  void add_advertiser() {
    details_.address = ble::address_text(advert_.address);
    details_.is_public = advert_.kind == ble::AddressKind::public_address;
    // Some devices send an address with the group bit as a public one, which no MAC has.
    if (details_.is_public && normal_mac(details_.address)) {
      add_mac(advert_.address, out_);
    } else {
      out_.identities.push_back({IdentityKind::hardware_id, details_.address, "ble-address"});
    }
    out_.addresses.push_back("ble:" + details_.address);
    out_.jobs.push_back("listen");
    claim_text(out_.name, advert_.name, advert_.name_is_short ? 0.6 : 0.8);
    out_.rssi_dbm = advert_.rssi_dbm;
    details_.tx_power_dbm = advert_.tx_power_dbm;
    details_.appearance = advert_.appearance;
    details_.damaged = advert_.damaged;
  }

  void add_services() {
    std::vector<std::string>& services = details_.services;
    for (const ble::Uuid& uuid : advert_.services) services.push_back(uuid.str());
    for (const ble::ServiceData& data : advert_.service_data) services.push_back(data.service.str());
    std::sort(services.begin(), services.end());
    services.erase(std::unique(services.begin(), services.end()), services.end());
    for (const ble::ManufacturerData& data : advert_.manufacturer_data) {
      details_.companies.push_back(fmt::format("{:04x}", data.company));
    }
  }

  void add_format(std::string_view format, std::string_view ecosystem) {
    details_.formats.emplace_back(format);
    if (ecosystem.empty()) return;
    claim(out_.ecosystem, ecosystem, format_confidence, fmt::format("it advertises {}", format));
  }

  /// The company behind manufacturer data is its sender's maker, but for an iBeacon, which anyone
  /// sends.
  void add_vendor() {
    if (ble::beacon::find_ibeacon(advert_)) return;
    for (const ble::ManufacturerData& data : advert_.manufacturer_data) {
      claim_text(out_.vendor, ble::company_name(data.company), company_confidence);
    }
  }

  const ble::Advert& advert_;
  Observation out_;
  BleDetails details_;
  std::vector<ble::Reading> readings_;
};

/// bluetoothd answers in milliseconds; it may be busy with a controller that does not.
constexpr std::chrono::seconds daemon_time{10};

bool is_from_inquiry(const bluez::Advert& heard) {
  return heard.device_class && !heard.flags && !heard.random_address &&
         heard.service_data.empty() && heard.manufacturer_data.empty();
}

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
    Result<dbus::Bus> bus =
        dbus::Bus::open(co_await net::asio::this_coro::executor, bus_address_);
    if (!bus) co_return status_of(bus.error());
    BleObserver observer(std::move(keys));
    int adverts = 0;
    auto handler = [&](const bluez::Advert& received) {
      if (is_from_inquiry(received)) return;  // for source "bluetooth"
      ++adverts;
      context.report(observer.observe(ble::to_advert(received)));
    };
    Result<bluez::Watch> watch = bluez::Watch::start(*bus);
    if (!watch) co_return status_of(watch.error());
    while (true) {
      Result<bluez::Scan> scan =
          co_await bluez::Scan::start(*bus, "", handler, context.clock.now() + daemon_time);
      if (!scan && scan.error().condition() == Condition::cancelled) co_return scan.error();
      SourceStatus status = scan ? ending(*scan, adverts, {}) : status_of(scan.error());
      if (!context.request.watch) {
        if (!scan) co_return status;
        Result<void> waited = co_await context.clock.sleep_until(context.deadline);
        (void)waited;  // over, or called off: either way this is all
        co_return ending(*scan, adverts, observer.key_problems());
      }
      // A search that watches waits for bluetoothd and a controller, and for them to come back.
      context.update(status);
      Result<void> changed = co_await watch->next(context.deadline);
      if (changed) continue;
      co_return scan ? ending(*scan, adverts, observer.key_problems()) : std::move(status);
    }
  }

 private:
  static SourceStatus ending(const bluez::Scan& scan, int adverts,
                             const std::vector<std::string>& problems) {
    const bluez::Adapter& adapter = scan.adapter();
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

BleObserver::BleObserver(config::BindKeys keys) : sensors_(std::move(keys)) {}

Observation BleObserver::observe(const ble::Advert& advert) {
  AdvertReader reader(advert);
  for (const ble::ServiceData& data : advert.service_data) {
    if (const auto sensor = sensors_.decode(advert, data)) reader.add(*sensor);
  }
  for (const ble::beacon::Finding& finding : ble::beacon::find_all(advert)) reader.add(finding);
  return reader.take();
}

std::vector<std::string> BleObserver::key_problems() const {
  std::vector<std::string> out;
  for (const auto& [device, security] : sensors_.key_problems()) {
    out.push_back(ble::key_problem_text(device, security));
  }
  return out;
}

std::unique_ptr<Source> make_ble_source(std::string bus_address) {
  return std::make_unique<BleSource>(std::move(bus_address));
}

Protocol ble_protocol() { return {[] { return make_ble_source({}); }}; }

}  // namespace aiot::discover
