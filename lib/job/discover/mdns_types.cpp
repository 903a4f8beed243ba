#include "job/discover/mdns.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "job/discover/identity.hpp"

namespace aiot::discover {
namespace {

bool is_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

std::optional<unsigned> number(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// The MAC address inside an EUI-64 made of it, "001788fffe4a5b6c"; "" when it is another id.
std::string mac_in_eui64(std::string_view text) {
  if (text.size() != 16 || !is_hex(text)) return {};
  const std::string_view middle = text.substr(6, 4);
  if (middle != "fffe" && middle != "FFFE") return {};
  return std::string(text.substr(0, 6)) + std::string(text.substr(10));
}

/// What follows the last `separator`, all of it when there is none.
std::string_view tail(std::string_view text, char separator) {
  const std::size_t at = text.rfind(separator);
  return at == std::string_view::npos ? text : text.substr(at + 1);
}

// Matter Core Specification 1.3, section 4.3.1: commissionable nodes. The host's name is made of
// the MAC address, or of the extended address on Thread; a device may use a random one in its
// place.
void look_at_matter_host(MdnsDraft& draft) {
  if (draft.service().host.empty()) return;
  const std::string& host = draft.service().host.labels().front();
  if (!is_hex(host)) return;
  if (host.size() == 12) draft.mac(host);
  if (host.size() == 16) draft.hardware_id(host, "eui64");
}

void look_at_matter_commissionable(MdnsDraft& draft) {
  look_at_matter_host(draft);
  draft.hardware_id(draft.service().label(), "matter commissionable");
  draft.details.matter_instance = draft.service().label();
  draft.claim_txt("DN", draft.out.name, 0.9);
  if (const auto discriminator = number(draft.txt("D"))) {
    claim(draft.out.discriminator, *discriminator);
  }
  const std::string_view vp = draft.txt("VP");
  if (const auto vendor = number(vp.substr(0, vp.find('+')))) claim(draft.out.vendor_id, *vendor);
  if (const std::size_t plus = vp.find('+'); plus != std::string_view::npos) {
    if (const auto product = number(vp.substr(plus + 1))) claim(draft.out.product_id, *product);
  }
  // 1: open with the code on its label; 2: a user has opened a device that is in use; 0: not open.
  const std::string_view mode = draft.txt("CM");
  if (mode == "2") {
    draft.state(DeviceState::provisioned, 0.8);
  } else {
    draft.state(DeviceState::unprovisioned, mode == "1" ? 0.9 : 0.5);
  }
  if (mode != "0") draft.job("pair");
}

// Section 4.3.2: an operational node is "FABRIC-NODE", 16 hex digits each.
void look_at_matter_operational(MdnsDraft& draft) {
  look_at_matter_host(draft);
  const std::string& label = draft.service().label();
  if (label.size() == 33 && label[16] == '-') {
    draft.hardware_id(label, "matter node");
    draft.details.matter_fabric = label.substr(0, 16);
    draft.details.matter_instance = label;
  }
  draft.state(DeviceState::provisioned);
}

// HomeKit Accessory Protocol Specification (non-commercial) R2, 6.4. The id looks like a MAC
// address and is a random number.
void look_at_hap(MdnsDraft& draft) {
  draft.hardware_id(draft.txt("id"), "hap");
  draft.name(draft.service().label(), 0.7);
  draft.claim_txt("md", draft.out.model, 0.8);
  if (const auto flags = number(draft.txt("sf"))) {
    const bool unpaired = (*flags & 1U) != 0;
    const bool needs_wifi = (*flags & 2U) != 0;
    // Many are in use in their maker's own system, which knows better, and were never paired here.
    const double confidence = unpaired && !needs_wifi ? 0.5 : 0.9;
    draft.state(unpaired ? DeviceState::unprovisioned : DeviceState::provisioned, confidence);
    if (unpaired) draft.job("pair");
  }
}

void look_at_googlecast(MdnsDraft& draft) {
  draft.hardware_id(draft.txt("id"), "googlecast");
  draft.claim_txt("fn", draft.out.name, 0.9);
  draft.claim_txt("md", draft.out.model, 0.8);
  draft.state(DeviceState::provisioned, 0.9);
}

// ESPHome's mdns component.
void look_at_esphome(MdnsDraft& draft) {
  draft.mac(draft.txt("mac"));
  draft.name(draft.service().label(), 0.7);
  draft.claim_txt("friendly_name", draft.out.name, 0.9);
  draft.claim_txt("version", draft.out.version, 0.9);
  draft.claim_txt("board", draft.out.model, 0.6);
  draft.claim_txt("project_name", draft.out.product, 0.8);
  draft.state(DeviceState::provisioned, 0.9);
}

// Shelly Gen2 API, "mDNS discovery": the label is "shellyplus1pm-441793d69718".
void look_at_shelly(MdnsDraft& draft) {
  draft.mac(tail(draft.service().label(), '-'));
  draft.name(draft.service().label(), 0.7);
  claim(draft.out.vendor, "Shelly", 0.9);
  draft.claim_txt("app", draft.out.model, 0.8);
  draft.claim_txt("ver", draft.out.version, 0.9);
  draft.state(DeviceState::provisioned, 0.8);
}

// The label is "lumi-gateway-v3_miio57500456": the model, and the device's id. The MAC address is
// in an attribute, in some firmware behind a colon in the first one.
void look_at_miio(MdnsDraft& draft) {
  const std::string_view label = draft.service().label();
  if (const std::size_t mark = label.rfind("_miio"); mark != std::string_view::npos) {
    draft.hardware_id(label.substr(mark + 5), "miio");
    std::string model(label.substr(0, mark));
    std::replace(model.begin(), model.end(), '-', '.');
    claim(draft.out.model, model, 0.8);
  }
  draft.mac(draft.txt("mac"));
  const std::string_view epoch = draft.txt("epoch");
  if (const std::size_t at = epoch.find("mac="); at != std::string_view::npos) {
    draft.mac(epoch.substr(at + 4, 12));
  }
  draft.job("pair");
}

void look_at_hue(MdnsDraft& draft) {
  draft.hardware_id(draft.txt("bridgeid"), "hue");
  draft.mac(mac_in_eui64(draft.txt("bridgeid")));
  draft.name(draft.service().label(), 0.7);
  draft.claim_txt("modelid", draft.out.model, 0.8);
  draft.state(DeviceState::provisioned, 0.7);
}

void look_at_airplay(MdnsDraft& draft) {
  draft.mac(draft.txt("deviceid"));
  draft.name(draft.service().label(), 0.7);
  draft.claim_txt("model", draft.out.model, 0.8);
  draft.claim_txt("srcvers", draft.out.version, 0.5);
}

// The label is "MAC@name".
void look_at_raop(MdnsDraft& draft) {
  const std::string_view label = draft.service().label();
  const std::size_t at = label.find('@');
  if (at == std::string_view::npos) return;
  draft.mac(label.substr(0, at));
  draft.name(label.substr(at + 1), 0.7);
  draft.claim_txt("am", draft.out.model, 0.8);
}

void look_at_amazon(MdnsDraft& draft) { draft.claim_txt("n", draft.out.name, 0.9); }

// Thread 1.3, chapter 8: a border agent. Its extended address is eight bytes, not text.
void look_at_meshcop(MdnsDraft& draft) {
  draft.claim_txt("vn", draft.out.vendor, 0.8);
  draft.claim_txt("mn", draft.out.model, 0.8);
  draft.details.thread_network = draft.txt("nn");
  if (draft.txt("xa").size() == 8) {
    draft.hardware_id(to_hex(as_bytes(draft.txt("xa"))), "eui64");
  }
}

void look_at_wled(MdnsDraft& draft) {
  draft.mac(draft.txt("mac"));
  draft.name(draft.service().label(), 0.7);
  draft.state(DeviceState::provisioned, 0.8);
}

// Sonoff's "DIY mode" and LAN control.
void look_at_ewelink(MdnsDraft& draft) {
  draft.hardware_id(draft.txt("id"), "ewelink");
  draft.claim_txt("type", draft.out.model, 0.6);
}

// The label is "host [MAC]".
void look_at_workstation(MdnsDraft& draft) {
  const std::string_view label = draft.service().label();
  const std::size_t open = label.rfind(" [");
  if (open == std::string_view::npos || !label.ends_with(']')) return;
  draft.mac(label.substr(open + 2, label.size() - open - 3));
  draft.name(label.substr(0, open), 0.5);
}

void look_at_name(MdnsDraft& draft) { draft.name(draft.service().label(), 0.5); }

void look_at_printer(MdnsDraft& draft) {
  look_at_name(draft);
  draft.claim_txt("ty", draft.out.model, 0.8);
  draft.claim_txt("usb_MFG", draft.out.vendor, 0.7);
}

// Many makers put the MAC into the attributes of the device's own pages.
void look_at_pages(MdnsDraft& draft) {
  look_at_name(draft);
  draft.mac(draft.txt("mac"));
}

void look_at_pushed(MdnsDraft& draft) {
  look_at_name(draft);
  draft.job("listen");
}

void look_at_smp(MdnsDraft& draft) {
  look_at_name(draft);
  draft.job("ota");
}

constexpr std::array<MdnsType, 39> types = {{
    {"_airplay._tcp", "Apple", 0.6, "", look_at_airplay},
    {"_amzn-alexa._tcp", "Amazon", 0.8, "", look_at_amazon},
    {"_amzn-wplay._tcp", "Amazon", 0.8, "", look_at_amazon},
    {"_apple-mobdev2._tcp", "Apple", 0.9, "", nullptr},
    {"_arduino._tcp", "", 0, "", look_at_name},
    {"_axis-video._tcp", "Axis", 0.9, "http", look_at_name},
    {"_bond._tcp", "Bond", 0.9, "http", look_at_name},
    {"_coap._udp", "", 0, "coap", look_at_pushed},
    {"_companion-link._tcp", "Apple", 0.9, "", look_at_name},
    {"_elg._tcp", "Elgato", 0.9, "http", look_at_name},
    {"_esp_local_ctrl._tcp", "Espressif", 0.8, "", look_at_name},
    {"_esphomelib._tcp", "ESPHome", 0.9, "", look_at_esphome},
    {"_ewelink._tcp", "eWeLink", 0.9, "", look_at_ewelink},
    {"_googlecast._tcp", "Google", 0.8, "", look_at_googlecast},
    {"_hap._tcp", "Apple", 0.7, "homekit", look_at_hap},
    {"_hap._udp", "Apple", 0.7, "", look_at_hap},
    {"_home-assistant._tcp", "Home Assistant", 0.9, "http", look_at_name},
    {"_homekit._tcp", "Apple", 0.9, "", nullptr},
    {"_http._tcp", "", 0, "http", look_at_pages},
    {"_https._tcp", "", 0, "https", look_at_name},
    {"_hue._tcp", "Philips Hue", 0.9, "https", look_at_hue},
    {"_hwenergy._tcp", "HomeWizard", 0.9, "http", look_at_name},
    {"_ipp._tcp", "", 0, "", look_at_printer},
    {"_matter._tcp", "Matter", 0.9, "", look_at_matter_operational},
    {"_matterc._udp", "Matter", 0.9, "matter", look_at_matter_commissionable},
    {"_matterd._udp", "Matter", 0.4, "", look_at_name},
    {"_meshcop._udp", "Thread", 0.5, "", look_at_meshcop},
    {"_miio._udp", "Xiaomi Mi Home", 0.9, "miio", look_at_miio},
    {"_mqtt._tcp", "", 0, "mqtt", look_at_pushed},
    {"_nanoleafapi._tcp", "Nanoleaf", 0.9, "http", look_at_name},
    {"_printer._tcp", "", 0, "", look_at_printer},
    {"_raop._tcp", "Apple", 0.5, "", look_at_raop},
    {"_secure-mqtt._tcp", "", 0, "mqtts", look_at_pushed},
    {"_shelly._tcp", "Shelly", 0.9, "http", look_at_shelly},
    {"_smp._udp", "", 0, "udp", look_at_smp},
    {"_sonos._tcp", "Sonos", 0.9, "", look_at_name},
    {"_ssh._tcp", "", 0, "", look_at_name},
    {"_wled._tcp", "WLED", 0.9, "http", look_at_wled},
    {"_workstation._tcp", "", 0, "", look_at_workstation},
}};

}  // namespace

std::string_view MdnsDraft::txt(std::string_view key) const {
  const std::string* value = find_value(service_.attributes, key);
  return value != nullptr ? std::string_view(*value) : std::string_view();
}

void MdnsDraft::job(std::string_view job) { out.jobs.emplace_back(job); }

void MdnsDraft::hardware_id(std::string_view id, std::string_view scope) {
  if (id.empty()) return;
  out.identities.push_back({IdentityKind::hardware_id, std::string(id), std::string(scope)});
}

void MdnsDraft::mac(std::string_view text) {
  const std::optional<std::string> mac = normal_mac(std::string(text));
  if (!mac) return;
  out.identities.push_back({IdentityKind::mac, *mac});
  out.macs.push_back(*mac);
}

std::span<const MdnsType> mdns_types() { return types; }

const MdnsType* find_mdns_type(std::string_view type) {
  const auto* found =
      std::find_if(types.begin(), types.end(), [&](const MdnsType& t) { return t.type == type; });
  return found == types.end() ? nullptr : found;
}

}  // namespace aiot::discover
