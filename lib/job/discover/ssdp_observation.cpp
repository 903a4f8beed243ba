#include "job/discover/ssdp_observation.hpp"

#include <algorithm>
#include <array>

namespace aiot::discover {
namespace {

/// The upper case and lower case hex digits of a MAC, at the end of a version 1 UUID or as a serial
/// number: "AABBCCDDEEFF".
std::string mac_of_digits(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c == ':' || c == '-') continue;
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (!hex) return {};
    digits += static_cast<char>(c >= 'A' && c <= 'F' ? c + ('a' - 'A') : c);
  }
  if (digits.size() != 12) return {};
  for (std::size_t at = 10; at > 0; at -= 2) digits.insert(at, ":");
  return digits;
}

struct KnownName {
  std::string_view header;  ///< in lower case, of the SERVER header or the search target
  std::string_view ecosystem;
  std::string_view reason;
};
// Names that the makers' own documents give.
constexpr std::array<KnownName, 6> known_names = {{
    {"roku", "Roku", "it answers as roku:ecp, Roku's External Control Protocol"},
    {"urn:dial-multiscreen-org", "DIAL", "it offers the DIAL service"},
    {"urn:belkin:", "Belkin WeMo", "its UPnP types are Belkin's"},
    {"urn:schemas-sonos-com", "Sonos", "its UPnP types are Sonos'"},
    {"urn:samsung.com", "Samsung", "its UPnP types are Samsung's"},
    {"hue-bridgeid", "Philips Hue", "it announces itself as a Hue bridge"},
}};

void add_ecosystem(const ssdp::Message& message, std::vector<Fact>& facts) {
  for (const KnownName& known : known_names) {
    const bool named =
        message.target().starts_with(known.header) || message.headers.contains(known.header);
    if (!named) continue;
    facts.push_back({"ecosystem", std::string(known.ecosystem), 0.8});
    facts.push_back({"ecosystem_reason", std::string(known.reason), 1});
    return;
  }
}

}  // namespace

Observation observe_announcement(const std::string& host, const ssdp::Message& message) {
  Observation out;
  out.source = "ssdp";
  out.gone = message.kind == ssdp::Message::Kind::byebye;
  if (const auto udn = message.udn(); !udn.empty()) {
    out.identities.push_back({IdentityKind::instance, std::string(udn), "upnp"});
    out.facts.push_back({"ssdp.udn", std::string(udn), 1});
  }
  out.identities.push_back({IdentityKind::address, host});
  out.facts.push_back({"ip", host, 1});
  if (const auto server = message.header("server"); !server.empty())
    out.facts.push_back({"ssdp.server", std::string(server), 1});
  const std::string_view location = message.header("location");
  if (!location.empty()) out.facts.push_back({"ssdp.location", std::string(location), 1});
  if (message.target().starts_with("urn:"))
    out.facts.push_back({"ssdp.type", std::string(message.target()), 1});
  add_ecosystem(message, out.facts);
  return out;
}

void add_description(const ssdp::Description& description, Observation& out) {
  const auto add = [&out](std::string name, const std::string& text, double confidence) {
    if (!text.empty()) out.facts.push_back({std::move(name), text, confidence});
  };
  add("name", description.friendly_name, 0.8);
  add("vendor", description.manufacturer, 0.8);
  add("product", description.model_name, 0.8);
  add("model", description.model_number, 0.7);
  add("serial", description.serial_number, 0.8);
  add("ssdp.device_type", description.device_type, 1);
  add("ssdp.presentation", description.presentation_url, 1);
  if (!description.serial_number.empty() && !description.manufacturer.empty()) {
    out.identities.push_back(
        {IdentityKind::serial, description.serial_number, description.manufacturer});
  }
  if (std::string mac = mac_of_digits(description.serial_number); !mac.empty())
    out.identities.push_back({IdentityKind::mac, std::move(mac)});
}

std::vector<Observation> observe_ssdp(const Packet& packet) {
  const bool related = packet.from_port == ssdp::udp_port || packet.to_port == ssdp::udp_port;
  if (!related) return {};
  const Result<ssdp::Message> message = ssdp::parse_message(packet.payload);
  if (!message || message->kind == ssdp::Message::Kind::search) return {};
  Observation out = observe_announcement(packet.from_address, *message);
  if (!packet.from_mac.empty()) out.identities.push_back({IdentityKind::mac, packet.from_mac});
  return {std::move(out)};
}

}  // namespace aiot::discover
