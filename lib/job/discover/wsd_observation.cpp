#include "job/discover/wsd_observation.hpp"

#include <string_view>

namespace aiot::discover {
namespace {

/// What follows a scope's prefix, with %20 and _ as blanks: ONVIF writes names and hardware so
/// (ONVIF Core Specification, 7.3.2.2).
std::string scope_value(const wsd::Target& target, std::string_view prefix) {
  for (const std::string& scope : target.scopes) {
    if (!scope.starts_with(prefix)) continue;
    std::string value = scope.substr(prefix.size());
    for (auto at = value.find("%20"); at != std::string::npos; at = value.find("%20"))
      value.replace(at, 3, " ");
    return value;
  }
  return {};
}

}  // namespace

Observation observe_target(const std::string& host, const wsd::Target& target) {
  Observation out;
  out.source = "wsd";
  out.gone = target.gone;
  out.identities.push_back({IdentityKind::instance, target.endpoint, "wsd"});
  out.identities.push_back({IdentityKind::address, host});
  out.facts.push_back({"ip", host, 1});
  out.facts.push_back({"wsd.endpoint", target.endpoint, 1});
  if (!target.types.empty())
    out.facts.push_back({"wsd.types", Array(target.types.begin(), target.types.end()), 1});
  if (!target.addresses.empty())
    out.facts.push_back(
        {"wsd.addresses", Array(target.addresses.begin(), target.addresses.end()), 1});
  if (std::string name = scope_value(target, "onvif://www.onvif.org/name/"); !name.empty())
    out.facts.push_back({"name", std::move(name), 0.7});
  if (std::string model = scope_value(target, "onvif://www.onvif.org/hardware/"); !model.empty()) {
    out.facts.push_back({"product", std::move(model), 0.7});
    out.facts.push_back({"ecosystem", "ONVIF", 0.9});
    out.facts.push_back({"ecosystem_reason", "its scopes are ONVIF's", 1});
  }
  return out;
}

void add_metadata(const wsd::Metadata& metadata, Observation& out) {
  const auto add = [&](const char* name, const std::string& value, double confidence) {
    if (!value.empty()) out.facts.push_back({name, value, confidence});
  };
  // "NAME/Workgroup:GROUP" is what its owner calls the computer.
  const std::string computer = metadata.computer.substr(0, metadata.computer.find('/'));
  add("name", computer, 0.8);
  add("name", metadata.name, 0.7);
  add("vendor", metadata.manufacturer, 0.7);
  add("model", metadata.model, 0.7);
  add("version", metadata.version, 0.7);
  add("serial", metadata.serial, 0.7);
  add("wsd.computer", metadata.computer, 1);
  if (!metadata.serial.empty() && !metadata.manufacturer.empty()) {
    out.identities.push_back({IdentityKind::serial, metadata.serial, metadata.manufacturer});
  }
}

std::vector<Observation> observe_wsd(const Packet& packet) {
  const bool related = packet.from_port == wsd::udp_port || packet.to_port == wsd::udp_port;
  if (!related) return {};
  const auto targets = wsd::parse_message(to_string(packet.payload));
  if (!targets) return {};
  std::vector<Observation> all;
  for (const wsd::Target& target : *targets) {
    all.push_back(observe_target(packet.from_address, target));
    if (!packet.from_mac.empty())
      all.back().identities.push_back({IdentityKind::mac, packet.from_mac});
  }
  return all;
}

}  // namespace aiot::discover
