#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "aiot/address.hpp"
#include "job/discover/device.hpp"
#include "job/discover/ecosystem.hpp"

namespace aiot::discover {
namespace {

/// What is a field of its own in the record; every other fact goes below "facts".
constexpr std::array<std::string_view, 9> single = {"name",      "vendor",     "product",
                                                    "model",     "version",    "serial",
                                                    "vendor_id", "product_id", "discriminator"};
constexpr std::array<std::string_view, 7> others = {
    "ecosystem", "ecosystem_reason", "state", "host", "ip", "mac", "rssi_dbm"};

constexpr std::array<std::string_view, 5> job_order = {"flash", "pair", "ota", "listen", "bench"};
/// The address to take first is the one that most commands take and that lasts longest.
constexpr std::array<std::string_view, 12> scheme_order = {"serial", "rfc2217", "usb",   "matter",
                                                           "miio",   "coap",    "mqtts", "mqtt",
                                                           "https",  "http",    "tcp",   "udp"};

constexpr double maker_of_interface = 0.2;

template <std::size_t N>
std::size_t rank(const std::array<std::string_view, N>& order, std::string_view name) {
  return static_cast<std::size_t>(std::find(order.begin(), order.end(), name) - order.begin());
}

template <std::size_t N>
bool has(const std::array<std::string_view, N>& names, std::string_view name) {
  return rank(names, name) < N;
}

/// One thing that one source says.
struct Claim {
  std::string fact;
  Value value;
  std::string source;
  double confidence = 0;
  std::string reason;
  Moment at;
};

std::vector<Claim> claims_of(const Device& device, const VendorOf& vendor_of) {
  std::vector<Claim> claims;
  for (const Sighting& sighting : device.sightings) {
    for (const Fact& fact : sighting.facts) {
      if (fact.name == "ecosystem" || fact.name == "ecosystem_reason") continue;
      claims.push_back(
          {fact.name, fact.value, sighting.source, fact.confidence, {}, sighting.last_seen});
    }
    for (EcosystemClaim& claim : ecosystem_claims(sighting.source, sighting.facts)) {
      claims.push_back({"ecosystem", std::move(claim.name), sighting.source, claim.confidence,
                        std::move(claim.reason), sighting.last_seen});
    }
  }
  for (const Key& key : device.keys()) {
    if (key.kind != IdentityKind::mac) continue;
    const auto maker = vendor_of(key.text.substr(key.text.find(' ') + 1));
    if (!maker) continue;
    const Fact fact{"vendor", *maker, maker_of_interface};
    claims.push_back({fact.name, fact.value, "mac", fact.confidence, "by its MAC", {}});
    for (EcosystemClaim& claim : ecosystem_claims("mac", {fact})) {
      claims.push_back({"ecosystem",
                        std::move(claim.name),
                        "mac",
                        claim.confidence,
                        std::move(claim.reason),
                        {}});
    }
  }
  return claims;
}

/// The most confident claim; of equals the first source's, but of states the latest.
const Claim* best(const std::vector<Claim>& claims, std::string_view fact) {
  const Claim* best = nullptr;
  for (const Claim& claim : claims) {
    if (claim.fact != fact) continue;
    const bool later = fact == "state" && best != nullptr && claim.at > best->at;
    if (best == nullptr || claim.confidence > best->confidence ||
        (claim.confidence == best->confidence && later)) {
      best = &claim;
    }
  }
  return best;
}

/// Texts of all claims of one fact, each a text or a list of them, and of the keys of one kind.
Array all_texts(const std::vector<Claim>& claims, std::string_view fact, const Device& device,
                std::optional<IdentityKind> kind) {
  std::set<std::string> texts;
  for (const Claim& claim : claims) {
    if (claim.fact != fact) continue;
    if (const std::string* text = claim.value.string()) texts.insert(*text);
    if (const Array* list = claim.value.array()) {
      for (const Value& value : *list) {
        if (const std::string* text = value.string()) texts.insert(*text);
      }
    }
  }
  for (const Key& key : device.keys()) {
    if (key.kind == kind) texts.insert(key.text.substr(key.text.find(' ') + 1));
  }
  return {texts.begin(), texts.end()};
}

std::string state_of(const std::vector<Claim>& claims) {
  const Claim* claim = best(claims, "state");
  const std::string* text = claim ? claim->value.string() : nullptr;
  constexpr std::array<std::string_view, 4> known = {"unprovisioned", "provisioned", "boot loader",
                                                     "secured"};
  return text != nullptr && has(known, *text) ? *text : "unknown";
}

/// Those that other commands parse, the most useful first.
Array addresses_of(const Device& device) {
  std::vector<std::pair<std::size_t, std::string>> ranked;
  for (const Sighting& sighting : device.sightings) {
    for (const std::string& text : sighting.addresses) {
      const auto address = parse_address(text);
      if (address) ranked.emplace_back(rank(scheme_order, address->scheme), address->str());
    }
  }
  std::sort(ranked.begin(), ranked.end());
  ranked.erase(std::unique(ranked.begin(), ranked.end()), ranked.end());
  Array out;
  for (auto& [rank, text] : ranked) out.emplace_back(std::move(text));
  return out;
}

Array jobs_of(const Device& device) {
  Array jobs;
  for (const std::string_view job : job_order) {
    const bool applies = std::any_of(
        device.sightings.begin(), device.sightings.end(), [&](const Sighting& sighting) {
          return std::find(sighting.jobs.begin(), sighting.jobs.end(), job) != sighting.jobs.end();
        });
    if (applies) jobs.emplace_back(job);
  }
  return jobs;
}

Array sources_of(const Device& device) {
  std::set<std::string> names;
  for (const Sighting& sighting : device.sightings) names.insert(sighting.source);
  return {names.begin(), names.end()};
}

/// The signal of whoever was heard last.
const Value* latest_signal(const std::vector<Claim>& claims) {
  const Claim* latest = nullptr;
  for (const Claim& claim : claims) {
    if (claim.fact == "rssi_dbm" && (latest == nullptr || claim.at > latest->at)) latest = &claim;
  }
  return latest ? &latest->value : nullptr;
}

Array evidence_of(const std::vector<Claim>& claims) {
  Array rows;
  for (const Claim& claim : claims) {
    if (claim.fact == "rssi_dbm") continue;  // it changes with every word, and proves nothing
    Object row{{"fact", claim.fact},
               {"value", claim.value},
               {"source", claim.source},
               {"confidence", claim.confidence}};
    if (!claim.reason.empty()) row.set("reason", claim.reason);
    rows.emplace_back(std::move(row));
  }
  return rows;
}

/// What has no field of its own. Of several services, say, each says its type: such a fact is a
/// list.
Object other_facts(const std::vector<Claim>& claims) {
  std::map<std::string, Array> values;
  for (const Claim& claim : claims) {
    if (has(single, claim.fact) || has(others, claim.fact)) continue;
    Array& known = values[claim.fact];
    if (std::find(known.begin(), known.end(), claim.value) == known.end()) {
      known.push_back(claim.value);
    }
  }
  Object facts;
  for (auto& [name, known] : values) {
    facts.set(name, known.size() == 1 ? std::move(known.front()) : Value(std::move(known)));
  }
  return facts;
}

/// What there is to call it by, when it does not say its name.
Value name_of(const std::vector<Claim>& claims) {
  for (const char* fact : {"name", "product", "model", "host"}) {
    const Claim* claim = best(claims, fact);
    if (claim != nullptr && claim->value.string() && !claim->value.string()->empty()) {
      return claim->value;
    }
  }
  return "";
}

}  // namespace

Object device_fields(const Device& device, const VendorOf& vendor_of) {
  const std::vector<Claim> claims = claims_of(device, vendor_of);
  Object fields{{"id", device.id}, {"name", name_of(claims)}};
  const Claim* ecosystem = best(claims, "ecosystem");
  fields.set("ecosystem", ecosystem ? ecosystem->value : Value(""));
  if (ecosystem) fields.set("ecosystem_reason", ecosystem->reason);
  fields.set("state", state_of(claims));
  fields.set("jobs", jobs_of(device));
  fields.set("addresses", addresses_of(device));
  for (const std::string_view name : single) {
    const Claim* claim = name == "name" ? nullptr : best(claims, name);
    if (claim) fields.set(std::string(name), claim->value);
  }
  fields.set("hosts", all_texts(claims, "host", device, std::nullopt));
  fields.set("ips", all_texts(claims, "ip", device, IdentityKind::address));
  fields.set("macs", all_texts(claims, "mac", device, IdentityKind::mac));
  if (const Value* signal = latest_signal(claims)) fields.set("rssi_dbm", *signal);
  fields.set("sources", sources_of(device));
  fields.set("facts", other_facts(claims));
  fields.set("evidence", evidence_of(claims));
  return fields;
}

}  // namespace aiot::discover
