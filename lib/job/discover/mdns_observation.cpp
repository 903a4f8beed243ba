#include "job/discover/mdns_observation.hpp"

#include <fmt/format.h>

#include "aiot/address.hpp"
#include "job/discover/mdns_types.hpp"
#include "job/discover/source.hpp"

namespace aiot::discover {
namespace {

constexpr std::uint16_t mdns_port = 5353;

/// The address that is easiest to type and lasts: IPv4 first, link-local IPv6 last.
const dnssd::IpAddress* best_address(const dnssd::Service& service) {
  const dnssd::IpAddress* best = nullptr;
  const auto rank = [](const dnssd::IpAddress& address) {
    return address.is_v4() ? 0 : address.to_v6().is_link_local() ? 2 : 1;
  };
  for (const dnssd::IpAddress& address : service.addresses) {
    if (best == nullptr || rank(address) < rank(*best)) best = &address;
  }
  return best;
}

/// Where a device waits to be commissioned, and for whose code: "matter:192.0.2.1:5540?…".
void add_matter_address(const dnssd::Service& service, const dnssd::IpAddress& ip,
                        const MdnsDraft& draft, Observation& out) {
  Address address;
  address.scheme = "matter";
  const std::string host = ip.is_v4() ? ip.to_string() : "[" + ip.to_string() + "]";
  address.path = fmt::format("{}:{}", host, service.port);
  const std::string_view discriminator = draft.txt("D");
  if (!discriminator.empty()) address.query["discriminator"] = discriminator;
  out.addresses.push_back(address.str());
}

void add_address(const dnssd::Service& service, std::string_view scheme, const MdnsDraft& draft,
                 Observation& out) {
  const dnssd::IpAddress* ip = best_address(service);
  if (ip == nullptr || scheme.empty() || service.port == 0) return;
  if (scheme == "matter") return add_matter_address(service, *ip, draft, out);
  Address address;
  address.scheme = scheme;
  address.host = ip->to_string();
  // miIO is spoken on a port of its own, whatever is announced.
  if (scheme != "miio") address.port = service.port;
  out.addresses.push_back(address.str());
}

}  // namespace

Observation observe_service(const dnssd::Service& service) {
  Observation out;
  out.source = "mdns";
  out.identities.push_back({IdentityKind::instance, service.instance.text()});
  const std::string type = service.type();
  MdnsDraft draft(out, service);
  draft.fact("mdns.service", type);
  if (!service.host.empty()) {
    out.identities.push_back({IdentityKind::host, service.host.text()});
    draft.fact("host", service.host.text());
    draft.fact("mdns.port", unsigned{service.port});
  }
  for (const dnssd::IpAddress& address : service.addresses) {
    out.identities.push_back({IdentityKind::address, address.to_string()});
    draft.fact("ip", address.to_string());
  }
  for (const dnssd::Attribute& attribute : service.attributes) {
    draft.fact("mdns.txt." + attribute.key,
               attribute.value ? Value(*attribute.value) : Value(true));
  }
  const MdnsType* known = find_mdns_type(type);
  if (known == nullptr) {
    draft.fact("name", service.label(), 0.4);
    return out;
  }
  if (!known->ecosystem.empty()) {
    draft.fact("ecosystem", known->ecosystem, known->confidence);
    draft.fact("ecosystem_reason", fmt::format("it offers {} on mDNS", type));
  }
  add_address(service, known->scheme, draft, out);
  if (known->look != nullptr) known->look(draft);
  return out;
}

std::vector<Observation> observe_mdns(const Packet& packet) {
  std::vector<Observation> out;
  if (packet.from_port != mdns_port) return out;
  const Result<dnssd::Message> message = dnssd::decode(packet.payload);
  if (!message || !message->response) return out;
  for (const dnssd::Service& service : dnssd::services_of(*message, 0)) {
    Observation& observation = out.emplace_back(observe_service(service));
    // A packet may tell of others' services: its sender's MAC is theirs only whose address it is.
    for (const dnssd::IpAddress& address : service.addresses) {
      if (!packet.from_mac.empty() && address.to_string() == packet.from_address) {
        observation.identities.push_back({IdentityKind::mac, packet.from_mac});
      }
    }
  }
  return out;
}

}  // namespace aiot::discover
