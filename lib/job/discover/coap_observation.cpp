#include "job/discover/coap_observation.hpp"

#include <algorithm>
#include <set>

#include "aiot/address.hpp"
#include "protocol/coap/block.hpp"

namespace aiot::discover {
namespace {

constexpr std::size_t max_coap_addresses = 8;
constexpr std::size_t max_listed = 64;

std::string address_of(const std::string& host, std::uint16_t port, const std::string& path) {
  Address address;
  address.scheme = "coap";
  address.host = host;
  if (port != coap::default_port) address.port = port;
  address.path = path;
  return address.str();
}

void add_words(std::string_view words, std::set<std::string>& out) {
  while (!words.empty()) {
    const auto blank = words.find(' ');
    if (blank != 0) out.emplace(words.substr(0, blank));
    words.remove_prefix(blank == std::string_view::npos ? words.size() : blank + 1);
  }
}

bool any_begins(const std::set<std::string>& words, std::string_view begin) {
  const auto it = words.lower_bound(std::string(begin));
  return it != words.end() && it->starts_with(begin);
}

Array first_of(const std::set<std::string>& words) {
  Array out;
  for (const std::string& word : words) {
    if (out.size() == max_listed) break;
    out.emplace_back(word);
  }
  return out;
}

void add_ecosystem(const std::set<std::string>& types, std::vector<Fact>& facts) {
  if (any_begins(types, "oic.")) {
    facts.push_back({"ecosystem", "OCF", 0.9});
    facts.push_back({"ecosystem_reason", "its CoAP resources are of OCF types", 1});
  } else if (any_begins(types, "oma.lwm2m")) {
    facts.push_back({"ecosystem", "LwM2M", 0.9});
    facts.push_back({"ecosystem_reason", "its CoAP resources are LwM2M objects", 1});
  }
}

/// The links of a first block end somewhere within one: whole ones only.
std::string_view whole_links(std::string_view text, bool cut) {
  if (!cut) return text;
  const auto end = text.rfind(",<");
  return text.substr(0, end == std::string_view::npos ? 0 : end);
}

}  // namespace

Observation observe_links(const std::string& host, std::uint16_t port,
                          const std::vector<coap::Link>& links) {
  Observation out;
  out.source = "coap";
  out.identities.push_back({IdentityKind::address, host});
  std::set<std::string> paths;
  std::set<std::string> types;
  std::set<std::string> observable;
  for (const coap::Link& link : links) {
    if (!link.target.starts_with('/')) continue;  // something of another host
    paths.insert(link.target);
    if (const std::string* rt = link.find("rt")) add_words(*rt, types);
    if (link.find("obs") != nullptr) observable.insert(link.target);
  }
  out.facts.push_back({"ip", host, 1});
  out.facts.push_back({"coap.resources", first_of(paths), 1});
  if (!types.empty()) out.facts.push_back({"coap.types", first_of(types), 1});
  if (!observable.empty()) out.facts.push_back({"coap.observable", first_of(observable), 1});
  add_ecosystem(types, out.facts);
  for (const std::string& path : observable) {
    if (out.addresses.size() == max_coap_addresses) break;
    out.addresses.push_back(address_of(host, port, path));
  }
  if (out.addresses.empty()) {
    out.addresses.push_back(address_of(host, port, ""));
  } else {
    out.jobs.push_back("listen");
  }
  return out;
}

std::vector<Observation> observe_coap(const Packet& packet) {
  const Result<coap::MessageView> message = coap::decode(packet.payload);
  if (!message || message->code != coap::Code::content) return {};
  if (message->options.find_uint(coap::option::content_format) != coap::format::link) return {};
  bool cut = false;
  if (const auto option = message->options.find(coap::option::block2)) {
    const std::optional<coap::Block> block = coap::parse_block(*option);
    if (!block || block->number != 0) return {};
    cut = block->more;
  }
  const std::string text = to_string(message->payload);
  const auto links = coap::parse_links(whole_links(text, cut));
  if (!links) return {};
  Observation out = observe_links(packet.from_address, packet.from_port, *links);
  if (!packet.from_mac.empty()) out.identities.push_back({IdentityKind::mac, packet.from_mac});
  return {std::move(out)};
}

}  // namespace aiot::discover
