#include "job/discover/ble_observer.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "protocol/ble/beacon/beacons.hpp"
#include "protocol/ble/company.hpp"

namespace aiot::discover {
namespace {

/// A format that names the ecosystem is good evidence; the advert itself may still be forged.
constexpr double format_confidence = 0.9;
constexpr double company_confidence = 0.6;

void add_fact(Observation& out, std::string name, Value value, double confidence = 1) {
  const auto known = [&](const Fact& fact) { return fact.name == name; };
  if (std::any_of(out.facts.begin(), out.facts.end(), known)) return;  // the first one counts
  out.facts.push_back({std::move(name), std::move(value), confidence});
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

std::string_view state_of(const ble::SensorData& sensor) {
  if (sensor.solicited) return "unprovisioned";
  if (sensor.encrypted) return "secured";
  return sensor.registered ? "provisioned" : "";
}

void add_sensor(const ble::SensorData& sensor, Observation& out) {
  add_ecosystem(sensor.ecosystem, sensor.format, out);
  if (!sensor.model.empty()) add_fact(out, "model", sensor.model, format_confidence);
  if (sensor.product) add_fact(out, "ble.product_id", int{*sensor.product});
  add_fact(out, "ble.encrypted", sensor.encrypted);
  if (sensor.mesh) add_fact(out, "ble.mesh", true);
  const std::string_view state = state_of(sensor);
  if (!state.empty()) add_fact(out, "state", state, format_confidence);
  if (sensor.address) add_mac(*sensor.address, out);
  if (sensor.security) add_fact(out, "ble.security", security_text(*sensor.security));
  for (const ble::Reading& reading : sensor.readings) {
    add_fact(out, "ble." + full_name(reading), reading.value);
  }
}

}  // namespace

BleObserver::BleObserver(config::BindKeys keys) : sensors_(std::move(keys)) {}

Observation BleObserver::observe(const ble::Advert& advert) {
  Observation out;
  out.source = "ble";
  add_sender(advert, out);
  add_services(advert, out);
  for (const ble::ServiceData& data : advert.service_data) {
    if (const auto sensor = sensors_.decode(advert, data)) add_sensor(*sensor, out);
  }
  for (const ble::beacon::Finding& finding : ble::beacon::find_all(advert)) {
    add_finding(finding, out);
  }
  add_vendor(advert, out);
  std::sort(out.jobs.begin(), out.jobs.end());
  out.jobs.erase(std::unique(out.jobs.begin(), out.jobs.end()), out.jobs.end());
  return out;
}

std::vector<std::string> BleObserver::key_problems() const {
  std::vector<std::string> out;
  for (const auto& [device, security] : sensors_.key_problems()) {
    out.push_back(ble::key_problem_text(device, security));
  }
  return out;
}

}  // namespace aiot::discover
