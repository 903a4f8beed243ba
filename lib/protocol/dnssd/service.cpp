#include "protocol/dnssd/service.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace aiot::dnssd {
namespace {

namespace ip = boost::asio::ip;

/// "_hap", "_tcp" at `at` (RFC 6763 section 4.1.2).
bool has_type_at(const Name& name, std::size_t at) {
  const std::vector<std::string>& labels = name.labels();
  return labels.size() >= at + 3 && labels[at].size() > 1 && labels[at].starts_with('_') &&
         (labels[at + 1] == "_tcp" || labels[at + 1] == "_udp");
}

bool same(const Attribute& a, const Attribute& b) { return a.key == b.key && a.value == b.value; }

}  // namespace

std::string Service::type() const {
  const std::vector<std::string>& labels = instance.labels();
  return labels.size() < 3 ? std::string() : labels[1] + "." + labels[2];
}

bool operator==(const Service& a, const Service& b) {
  return a.instance == b.instance && a.host == b.host && a.port == b.port &&
         a.addresses == b.addresses && a.sender == b.sender &&
         std::equal(a.attributes.begin(), a.attributes.end(), b.attributes.begin(),
                    b.attributes.end(), same);
}

bool is_instance(const Name& name) { return has_type_at(name, 1) && name.labels()[1] != "_dns-sd"; }
bool is_type(const Name& name) { return has_type_at(name, 0) && name.labels()[0] != "_dns-sd"; }

std::optional<IpAddress> address_of(const Record& record, unsigned interface) {
  if (const auto* v4 = std::get_if<Ipv4>(&record.data)) return ip::address_v4(*v4);
  const auto* v6 = std::get_if<Ipv6>(&record.data);
  if (v6 == nullptr) return std::nullopt;
  ip::address_v6 address(*v6);
  if (address.is_link_local()) address.scope_id(interface);
  return address;
}

std::vector<IpAddress> addresses_in(const Message& message, const Name& host, unsigned interface) {
  std::set<IpAddress> found;
  for (const auto* section : {&message.answers, &message.additionals}) {
    for (const Record& record : *section) {
      if (record.ttl_s == 0 || !(record.name == host)) continue;
      if (const auto address = address_of(record, interface)) found.insert(*address);
    }
  }
  return {found.begin(), found.end()};
}

std::vector<Service> services_of(const Message& message, unsigned interface) {
  std::map<std::string, Service> found;
  std::map<std::string, std::set<IpAddress>> hosts;
  const auto at = [&](const Name& instance) -> Service& {
    Service& service = found[instance.key()];
    service.instance = instance;
    return service;
  };
  for (const auto* section : {&message.answers, &message.additionals}) {
    for (const Record& record : *section) {
      if (record.ttl_s == 0) continue;
      if (const auto address = address_of(record, interface)) {
        hosts[record.name.key()].insert(*address);
      } else if (const auto* pointer = std::get_if<Pointer>(&record.data)) {
        if (is_instance(pointer->target)) at(pointer->target);
      } else if (!is_instance(record.name)) {
        continue;
      } else if (const auto* location = std::get_if<Location>(&record.data)) {
        Service& service = at(record.name);
        service.host = location->host;
        service.port = location->port;
      } else if (const auto* strings = std::get_if<Strings>(&record.data)) {
        at(record.name).attributes = attributes_of(*strings);
      }
    }
  }
  std::vector<Service> out;
  for (auto& [key, service] : found) {
    const auto addresses = hosts.find(service.host.key());
    if (addresses != hosts.end()) {
      service.addresses.assign(addresses->second.begin(), addresses->second.end());
    }
    out.push_back(std::move(service));
  }
  return out;
}

const Name& enumeration_name() {
  static const Name name("_services._dns-sd._udp.local");
  return name;
}

}  // namespace aiot::dnssd
