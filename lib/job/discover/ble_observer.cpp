#include "job/discover/ble_observer.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "protocol/ble/beacon/beacons.hpp"
#include "protocol/ble/bthome/frame.hpp"
#include "protocol/ble/bthome/objects.hpp"
#include "protocol/ble/company.hpp"
#include "protocol/ble/mibeacon/frame.hpp"
#include "protocol/ble/mibeacon/objects.hpp"
#include "protocol/ble/mibeacon/products.hpp"

namespace aiot::discover {
namespace {

using ble::Security;

/// A format that names the ecosystem is good evidence; the advert itself may still be forged.
constexpr double format_confidence = 0.9;
constexpr double company_confidence = 0.6;

void add_fact(Observation& out, std::string name, Value value, double confidence = 1) {
  const auto known = [&](const Fact& fact) { return fact.name == name; };
  if (std::any_of(out.facts.begin(), out.facts.end(), known)) return;  // the first one counts
  out.facts.push_back({std::move(name), std::move(value), confidence});
}

void add_readings(const std::vector<ble::Reading>& readings, Observation& out) {
  for (const ble::Reading& reading : readings) {
    add_fact(out, "ble." + full_name(reading), reading.value);
  }
}

/// The company behind manufacturer data is its sender's maker, but for an iBeacon, which anyone
/// sends.
void add_vendor(const ble::Advert& advert, Observation& out) {
  if (ble::beacon::find_ibeacon(advert)) return;
  for (const ble::ManufacturerData& data : advert.manufacturer_data) {
    const std::string_view name = ble::company_name(data.company);
    if (!name.empty()) add_fact(out, "vendor", name, company_confidence);
  }
}

/// A list of what is told; several of the same are told once.
void add_format(std::string_view format, Observation& out) {
  for (Fact& fact : out.facts) {
    if (fact.name != "ble.formats") continue;
    Array formats = *fact.value.array();
    formats.emplace_back(format);
    fact.value = std::move(formats);
    return;
  }
  out.facts.push_back({"ble.formats", Array{Value(format)}, 1});
}

void add_ecosystem(std::string_view ecosystem, std::string_view format, Observation& out) {
  add_format(format, out);
  if (ecosystem.empty()) return;
  add_fact(out, "ecosystem", ecosystem, format_confidence);
  add_fact(out, "ecosystem_reason", fmt::format("it advertises {}", format));
}

void add_mac(const ble::DeviceAddress& address, Observation& out) {
  const std::string mac = to_hex(address, ":");
  out.identities.push_back({IdentityKind::mac, mac});
  add_fact(out, "mac", mac);
}

void add_sender(const ble::Advert& advert, Observation& out) {
  const std::string address = ble::address_text(advert.address);
  if (advert.kind == ble::AddressKind::public_address) {
    add_mac(advert.address, out);
  } else {
    out.identities.push_back({IdentityKind::hardware_id, address, "ble-address"});
  }
  out.addresses.push_back("ble:" + address);
  out.jobs.push_back("listen");
  add_fact(out, "ble.address", address);
  const bool is_public = advert.kind == ble::AddressKind::public_address;
  add_fact(out, "ble.address_kind", is_public ? "public" : "random");
  if (!advert.name.empty()) add_fact(out, "name", advert.name, advert.name_is_short ? 0.6 : 0.8);
  if (advert.rssi_dbm) add_fact(out, "rssi_dbm", *advert.rssi_dbm);
  if (advert.tx_power_dbm) add_fact(out, "ble.tx_power_dbm", *advert.tx_power_dbm);
  if (advert.appearance) add_fact(out, "ble.appearance", int{*advert.appearance});
  if (advert.damaged) add_fact(out, "ble.damaged", true);
}

void add_services(const ble::Advert& advert, Observation& out) {
  std::vector<std::string> services;
  for (const ble::Uuid& uuid : advert.services) services.push_back(uuid.str());
  for (const ble::ServiceData& data : advert.service_data) services.push_back(data.service.str());
  std::sort(services.begin(), services.end());
  services.erase(std::unique(services.begin(), services.end()), services.end());
  if (!services.empty()) {
    add_fact(out, "ble.services", Array(services.begin(), services.end()));
  }
  Array companies;
  for (const ble::ManufacturerData& data : advert.manufacturer_data) {
    companies.emplace_back(fmt::format("{:04x}", data.company));
  }
  if (!companies.empty()) add_fact(out, "ble.companies", std::move(companies));
}

/// Matter's numbers have the names that its other announcements give them.
std::string fact_name(const ble::beacon::Finding& finding, const ble::Reading& reading) {
  const std::string name = full_name(reading);
  const bool is_common = name == "discriminator" || name == "vendor_id" || name == "product_id";
  return finding.format == "matter" && is_common ? name : "ble." + name;
}

void add_finding(const ble::beacon::Finding& finding, Observation& out) {
  add_ecosystem(finding.ecosystem, finding.format, out);
  if (!finding.state.empty()) add_fact(out, "state", finding.state, format_confidence);
  if (!finding.job.empty()) out.jobs.emplace_back(finding.job);
  if (!finding.hardware_id.empty()) {
    out.identities.push_back(
        {IdentityKind::hardware_id, finding.hardware_id, std::string(finding.format)});
  }
  if (finding.address) add_mac(*finding.address, out);
  for (const ble::Reading& reading : finding.readings) {
    add_fact(out, fact_name(finding, reading), reading.value);
  }
}

}  // namespace

BleObserver::BleObserver(config::BindKeys keys) : keys_(std::move(keys)) {}

const Bytes* BleObserver::key_of(const ble::DeviceAddress& device) const {
  const auto it = keys_.find(device);
  return it == keys_.end() ? nullptr : &it->second;
}

Observation BleObserver::observe(const ble::Advert& advert) {
  Observation out;
  out.source = "ble";
  add_sender(advert, out);
  add_services(advert, out);
  for (const ble::ServiceData& data : advert.service_data) {
    if (data.service == ble::Uuid::of(ble::mibeacon::service)) {
      add_mibeacon(advert, data.data, out);
    } else if (ble::bthome::is_bthome(data.service)) {
      add_bthome(advert, data, out);
    }
  }
  for (const ble::beacon::Finding& finding : ble::beacon::find_all(advert)) {
    add_finding(finding, out);
  }
  add_vendor(advert, out);
  std::sort(out.jobs.begin(), out.jobs.end());
  out.jobs.erase(std::unique(out.jobs.begin(), out.jobs.end()), out.jobs.end());
  return out;
}

std::optional<Bytes> BleObserver::unseal(
    const Sealed& sealed, const std::function<std::optional<Opened>(const Bytes& key)>& open,
    Observation& out) {
  const Bytes* key = key_of(sealed.device);
  Bytes objects(sealed.payload.begin(), sealed.payload.end());
  Security security = Security::plain;
  if (key == nullptr) {
    if (sealed.encrypted) security = Security::needs_key;
  } else if (!sealed.encrypted) {
    security = guards_[sealed.device].on_plain();
  } else if (auto opened = open(*key); opened && !opened->verified) {
    security = Security::unverified;  // without a tag anyone could move the counter
    objects = std::move(opened->objects);
  } else {
    security = guards_[sealed.device].on_sealed(opened.has_value(), sealed.counter,
                                                sealed.counter_bits, sealed.content);
    if (opened) objects = std::move(opened->objects);
  }
  add_fact(out, "ble.security", security_text(security));
  const bool is_well = security == Security::opened || security == Security::unverified;
  if (key != nullptr && !is_well) key_problems_[sealed.device] = security;
  if (!is_trusted(security)) return std::nullopt;
  return objects;
}

void BleObserver::add_bthome(const ble::Advert& advert, const ble::ServiceData& data,
                             Observation& out) {
  const auto frame = ble::bthome::parse_frame(data.service, data.data);
  if (!frame) return;
  add_ecosystem("BTHome", fmt::format("bthome-v{}", frame->version), out);
  add_fact(out, "ble.encrypted", frame->encrypted);
  if (frame->encrypted) add_fact(out, "state", "secured", format_confidence);
  if (frame->address) add_mac(*frame->address, out);

  const Sealed sealed{.device = frame->address.value_or(advert.address),
                      .encrypted = frame->encrypted,
                      .counter = frame->counter(),
                      .content = data.data,
                      .payload = frame->payload};
  const auto open_with = [&](const Bytes& key) -> std::optional<Opened> {
    auto objects = open(*frame, sealed.device, key);
    if (!objects) return std::nullopt;
    return Opened{std::move(*objects), true};
  };
  if (const auto objects = unseal(sealed, open_with, out)) {
    add_readings(ble::bthome::parse_objects(frame->version, *objects).readings, out);
  }
}

void BleObserver::add_mibeacon(const ble::Advert& advert, ByteSpan data, Observation& out) {
  const auto frame = ble::mibeacon::parse_frame(data);
  if (!frame) return;
  add_ecosystem("Xiaomi Mi Home", fmt::format("mibeacon-v{}", frame->version), out);
  const std::string_view model = ble::mibeacon::model_of(frame->product);
  if (!model.empty()) add_fact(out, "model", model, format_confidence);
  add_fact(out, "ble.product_id", int{frame->product});
  add_fact(out, "ble.encrypted", frame->encrypted);
  if (frame->solicited) {
    add_fact(out, "state", "unprovisioned", format_confidence);
  } else if (frame->encrypted) {
    add_fact(out, "state", "secured", format_confidence);
  } else if (frame->registered) {
    add_fact(out, "state", "provisioned", format_confidence);
  }
  if (frame->address) add_mac(*frame->address, out);
  if (!frame->has_objects || frame->mesh) return;

  const Sealed sealed{.device = frame->address.value_or(advert.address),
                      .encrypted = frame->encrypted,
                      .counter = frame->whole_counter(),
                      .counter_bits = frame->counter_bits(),
                      .content = data,
                      .payload = frame->payload};
  const auto open_with = [&](const Bytes& key) -> std::optional<Opened> {
    auto opened = open(*frame, sealed.device, key);
    if (!opened) return std::nullopt;
    return Opened{std::move(opened->objects), opened->verified};
  };
  if (const auto objects = unseal(sealed, open_with, out)) {
    add_readings(ble::mibeacon::parse_objects(frame->product, *objects).readings, out);
  }
}

std::vector<std::string> BleObserver::key_problems() const {
  std::vector<std::string> out;
  for (const auto& [device, security] : key_problems_) {
    out.push_back(fmt::format("{}: {}", ble::address_text(device), security_text(security)));
  }
  return out;
}

}  // namespace aiot::discover
