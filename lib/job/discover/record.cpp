#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <set>

#include "job/discover/device.hpp"

namespace aiot::discover {
namespace {

constexpr std::array<std::string_view, 5> state_names = {"unprovisioned", "provisioned",
                                                         "boot loader", "secured", "unknown"};
constexpr std::array<std::string_view, 6> source_state_names = {
    "ran", "no adapter", "no permission", "daemon missing", "not asked", "failed"};

constexpr std::array<std::string_view, 5> job_order = {"flash", "pair", "ota", "listen", "bench"};
/// The address to take first is the one that most commands take and that lasts longest.
constexpr std::array<std::string_view, 12> scheme_order = {"serial", "rfc2217", "usb",   "matter",
                                                           "miio",   "coap",    "mqtts", "mqtt",
                                                           "https",  "http",    "tcp",   "udp"};

struct Spelling {
  std::string_view other;  ///< lower case
  std::string_view usual;
};
constexpr std::array<Spelling, 27> spellings = {{
    {"alibaba", "Alibaba Tmall Genie"},
    {"alibaba tmall genie", "Alibaba Tmall Genie"},
    {"amazon", "Amazon"},
    {"apple", "Apple"},
    {"apple homekit", "Apple"},
    {"baidu", "Baidu"},
    {"bthome", "BTHome"},
    {"esphome", "ESPHome"},
    {"espressif", "Espressif"},
    {"google", "Google"},
    {"homekit", "Apple"},
    {"huawei", "Huawei"},
    {"hue", "Philips Hue"},
    {"improv", "Improv Wi-Fi"},
    {"matter", "Matter"},
    {"microsoft", "Microsoft"},
    {"mi home", "Xiaomi Mi Home"},
    {"miio", "Xiaomi Mi Home"},
    {"philips hue", "Philips Hue"},
    {"shelly", "Shelly"},
    {"thread", "Thread"},
    {"tmall", "Alibaba Tmall Genie"},
    {"tmall genie", "Alibaba Tmall Genie"},
    {"tuya", "Tuya"},
    {"xiaomi", "Xiaomi Mi Home"},
    {"xiaomi mi home", "Xiaomi Mi Home"},
    {"xiaomi mijia", "Xiaomi Mi Home"},
}};

/// Makers whose devices join their own ecosystem, by a part of their name. This is a hint: a maker
/// may have others, so any source that knows better wins.
constexpr std::array<Spelling, 15> makers = {{
    {"allterco", "Shelly"},
    {"amazon", "Amazon"},
    {"apple", "Apple"},
    {"baidu", "Baidu"},
    {"espressif", "Espressif"},
    {"google", "Google"},
    {"huawei", "Huawei"},
    {"lumi united", "Xiaomi Mi Home"},
    {"microsoft", "Microsoft"},
    {"philips lighting", "Philips Hue"},
    {"shelly", "Shelly"},
    {"signify", "Philips Hue"},
    {"tuya", "Tuya"},
    {"xiaomi", "Xiaomi Mi Home"},
    {"yeelight", "Xiaomi Mi Home"},
}};
constexpr double maker_confidence = 0.3;
constexpr double maker_of_interface = 0.2;

std::string lower_case_text(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

template <std::size_t N>
std::size_t rank(const std::array<std::string_view, N>& order, std::string_view name) {
  return static_cast<std::size_t>(std::find(order.begin(), order.end(), name) - order.begin());
}

/// An observation as the record looks at it.
struct View {
  const Observation* seen;
  Moment at;
};

template <class T>
using Property = std::optional<Estimate<T>> Observation::*;

/// The most confident claim; of equals the first source's, or the latest.
template <class T>
const Estimate<T>* best(const std::vector<View>& views, Property<T> property, bool latest = false) {
  const Estimate<T>* best = nullptr;
  Moment at;
  for (const View& view : views) {
    const std::optional<Estimate<T>>& claim = view.seen->*property;
    if (!claim) continue;
    if (best == nullptr || claim->confidence > best->confidence ||
        (latest && claim->confidence == best->confidence && view.at > at)) {
      best = &*claim;
      at = view.at;
    }
  }
  return best;
}

template <class T>
std::optional<T> best_value(const std::vector<View>& views, Property<T> property) {
  const Estimate<T>* claim = best(views, property);
  return claim != nullptr ? std::optional(claim->value) : std::nullopt;
}

/// The ecosystem that a maker's name suggests.
std::optional<Estimate<std::string>> ecosystem_of_maker(const Estimate<std::string>& vendor) {
  const std::string name = lower_case_text(vendor.value);
  const auto* maker = std::find_if(makers.begin(), makers.end(), [&](const Spelling& m) {
    return name.find(m.other) != std::string::npos;
  });
  if (maker == makers.end()) return std::nullopt;
  return Estimate<std::string>{std::string(maker->usual), maker_confidence * vendor.confidence,
                               fmt::format("its maker is {}", vendor.value)};
}

/// What each source claims, and what follows from it: an ecosystem from a maker, a maker from a
/// MAC. The views are of `owned`.
struct Estimates {
  Estimates(const Device& device, const VendorOf& vendor_of) {
    owned.reserve(device.sightings.size() + device.keys().size());
    for (const Sighting& sighting : device.sightings) {
      views.push_back({&sighting.seen, sighting.last_seen});
      if (sighting.seen.vendor) add_maker(sighting.seen, *sighting.seen.vendor, sighting.last_seen);
    }
    for (const Key& key : device.keys()) {
      if (key.kind != IdentityKind::mac) continue;
      auto maker = vendor_of(key.value());
      if (!maker) continue;
      Observation by_mac;
      by_mac.source = "mac";
      by_mac.vendor = {*std::move(maker), maker_of_interface, "by its MAC"};
      by_mac.ecosystem = ecosystem_of_maker(*by_mac.vendor);
      views.push_back({&*owned.insert(owned.end(), std::move(by_mac)), {}});
    }
  }
  void add_maker(const Observation& seen, const Estimate<std::string>& vendor, Moment at) {
    auto ecosystem = ecosystem_of_maker(vendor);
    if (!ecosystem) return;
    Observation by_maker;
    by_maker.source = seen.source;
    by_maker.ecosystem = std::move(ecosystem);
    views.push_back({&*owned.insert(owned.end(), std::move(by_maker)), at});
  }
  std::vector<View> views;
  std::vector<Observation> owned;
};

/// What there is to call it by, when it does not announce a name.
std::string name_of(const std::vector<View>& views) {
  for (const auto property : {&Observation::name, &Observation::product, &Observation::model}) {
    const Estimate<std::string>* claim = best(views, property);
    if (claim != nullptr && !claim->value.empty()) return claim->value;
  }
  for (const View& view : views) {
    if (!view.seen->hosts.empty()) return view.seen->hosts.front();
  }
  return {};
}

/// The texts of all sources, sorted, and those of the keys of one kind.
std::vector<std::string> all_texts(const Device& device,
                                   std::vector<std::string> Observation::*list,
                                   std::optional<IdentityKind> kind) {
  std::set<std::string> texts;
  for (const Sighting& sighting : device.sightings) {
    const std::vector<std::string>& of_one = sighting.seen.*list;
    texts.insert(of_one.begin(), of_one.end());
  }
  for (const Key& key : device.keys()) {
    if (key.kind == kind) texts.insert(key.value());
  }
  return {texts.begin(), texts.end()};
}

/// Those that parse, the most useful first.
std::vector<Address> addresses_of(const Device& device) {
  std::map<std::pair<std::size_t, std::string>, Address> ranked;
  for (const Sighting& sighting : device.sightings) {
    for (const std::string& text : sighting.seen.addresses) {
      auto address = parse_address(text);
      if (!address) continue;
      ranked.emplace(std::pair(rank(scheme_order, address->scheme), address->str()), *address);
    }
  }
  std::vector<Address> out;
  for (auto& [rank, address] : ranked) out.push_back(std::move(address));
  return out;
}

std::vector<std::string> jobs_of(const Device& device) {
  std::vector<std::string> jobs;
  for (const std::string_view job : job_order) {
    const bool applies = std::any_of(device.sightings.begin(), device.sightings.end(),
                                     [&](const Sighting& sighting) {
                                       const std::vector<std::string>& its = sighting.seen.jobs;
                                       return std::find(its.begin(), its.end(), job) != its.end();
                                     });
    if (applies) jobs.emplace_back(job);
  }
  return jobs;
}

/// The signal strength of the latest sighting.
std::optional<int> latest_signal(const std::vector<View>& views) {
  const View* latest = nullptr;
  for (const View& view : views) {
    if (view.seen->rssi_dbm && (latest == nullptr || view.at > latest->at)) latest = &view;
  }
  return latest != nullptr ? latest->seen->rssi_dbm : std::nullopt;
}

/// What has no field of its own. Where several services differ, such a fact is a list.
Object other_facts(const Device& device) {
  std::map<std::string, Array> values;
  for (const Sighting& sighting : device.sightings) {
    for (const auto& [name, value] : sighting.seen.details.fields()) {
      Array& known = values[name];
      if (std::find(known.begin(), known.end(), value) == known.end()) known.push_back(value);
    }
  }
  Object facts;
  facts.reserve(values.size());
  for (auto& [name, known] : values) {
    facts.add(name, known.size() == 1 ? std::move(known.front()) : Value(std::move(known)));
  }
  return facts;
}

class EvidenceList {
 public:
  EvidenceList(const std::string& source, std::vector<Evidence>& out)
      : source_(source), out_(out) {}
  template <class T>
  void add(const char* fact, const std::optional<Estimate<T>>& claim) {
    if (claim) add(fact, Value(claim->value), claim->confidence, claim->reason);
  }
  void add(const char* fact, const std::optional<Estimate<DeviceState>>& state) {
    if (state) add(fact, Value(state_name(state->value)), state->confidence, state->reason);
  }
  void add(const char* fact, const std::vector<std::string>& texts) {
    for (const std::string& text : texts) add(fact, Value(text), 1, {});
  }
  void add(std::string fact, Value value, double confidence, std::string reason) {
    out_.push_back({std::move(fact), std::move(value), source_, confidence, std::move(reason)});
  }

 private:
  const std::string& source_;
  std::vector<Evidence>& out_;
};

void add_evidence(const Observation& seen, std::vector<Evidence>& out) {
  EvidenceList list(seen.source, out);
  list.add("name", seen.name);
  list.add("vendor", seen.vendor);
  list.add("product", seen.product);
  list.add("model", seen.model);
  list.add("version", seen.version);
  list.add("serial", seen.serial);
  list.add("ecosystem", seen.ecosystem);
  list.add("state", seen.state);
  list.add("vendor_id", seen.vendor_id);
  list.add("product_id", seen.product_id);
  list.add("discriminator", seen.discriminator);
  list.add("host", seen.hosts);
  list.add("ip", seen.ips);
  list.add("mac", seen.macs);
  // The signal strength changes with every advertisement, and proves nothing.
  for (const auto& [name, value] : seen.details.fields()) list.add(name, value, 1, {});
}

}  // namespace

std::string_view state_name(SourceState state) {
  return source_state_names[static_cast<std::size_t>(state)];
}
std::string_view state_name(DeviceState state) {
  return state_names[static_cast<std::size_t>(state)];
}

std::string ecosystem_name(const std::string& name) {
  const std::string wanted = lower_case_text(name);
  const auto* known = std::find_if(spellings.begin(), spellings.end(),
                                   [&](const Spelling& s) { return s.other == wanted; });
  return known == spellings.end() ? name : std::string(known->usual);
}

void add_detail(Observation& out, std::string name, Value value) {
  if (out.details.find(name) == nullptr) out.details.add(std::move(name), std::move(value));
}

void add_details(Observation& out, const std::string& prefix, const Object& fields) {
  for (const auto& [name, value] : fields.fields()) {
    if (const Object* inside = value.object()) {
      add_details(out, prefix + "." + name, *inside);
    } else {
      add_detail(out, prefix + "." + name, value);
    }
  }
}

std::vector<Evidence> evidence_of(const Observation& observation) {
  std::vector<Evidence> out;
  add_evidence(observation, out);
  return out;
}

DeviceRecord device_record(const Device& device, const VendorOf& vendor_of) {
  const Estimates claims(device, vendor_of);
  const std::vector<View>& views = claims.views;
  DeviceRecord out;
  out.id = device.id;
  out.name = name_of(views);
  if (const auto* ecosystem = best(views, &Observation::ecosystem)) {
    out.ecosystem = ecosystem_name(ecosystem->value);
    out.ecosystem_reason = ecosystem->reason;
  }
  if (const auto* state = best(views, &Observation::state, true)) out.state = state->value;
  out.jobs = jobs_of(device);
  out.addresses = addresses_of(device);
  out.vendor = best_value(views, &Observation::vendor);
  out.product = best_value(views, &Observation::product);
  out.model = best_value(views, &Observation::model);
  out.version = best_value(views, &Observation::version);
  out.serial = best_value(views, &Observation::serial);
  out.vendor_id = best_value(views, &Observation::vendor_id);
  out.product_id = best_value(views, &Observation::product_id);
  out.discriminator = best_value(views, &Observation::discriminator);
  out.hosts = all_texts(device, &Observation::hosts, std::nullopt);
  out.ips = all_texts(device, &Observation::ips, IdentityKind::address);
  out.macs = all_texts(device, &Observation::macs, IdentityKind::mac);
  out.rssi_dbm = latest_signal(views);
  std::set<std::string> sources;
  for (const Sighting& sighting : device.sightings) sources.insert(sighting.seen.source);
  out.sources = {sources.begin(), sources.end()};
  out.truncated = device.truncated;
  out.facts = other_facts(device);
  for (const View& view : views) add_evidence(*view.seen, out.evidence);
  return out;
}

SchemaInfo schema_of(const DeviceRecord&) {
  return {"aiot.device/1", "A device: in `found`, `changed` and `lost` of --jsonl", false};
}
SchemaInfo schema_of(const Report&) { return {"aiot.discover/1", "What `aiotctl discover` found"}; }
SchemaInfo schema_of(const SourceList&) {
  return {"aiot.discover.list/1", "What `aiotctl discover --list` shows"};
}

void describe(FieldVisitor& v, Evidence& evidence) {
  v("fact", evidence.fact, "what it is about, such as name, ecosystem, mdns.txt.md");
  v.any("value", evidence.value, "as the source reports it; value_base64 if it is not UTF-8");
  v("source", evidence.source, "the source that reports it");
  v("confidence", evidence.confidence, "0 to 1: how sure the source can be");
  v.text("reason", evidence.reason, "the evidence for it", Presence::if_set);
}

void describe(FieldVisitor& v, DeviceRecord& record) {
  v("id", record.id, "twelve hexadecimal digits; stays while the device is known");
  v.text("name", record.name, "as it calls itself, else what it is; may be empty");
  v("ecosystem", record.ecosystem,
    "such as Matter, Google, Shelly; empty when there is no evidence of one");
  v.text("ecosystem_reason", record.ecosystem_reason, "the evidence for it");
  v.choice("state", record.state, state_names, "what it waits for");
  v("jobs", record.jobs, "what applies: flash, pair, ota, listen, bench");
  v("addresses", record.addresses, "ways to reach it, the most useful first");
  v.text("vendor", record.vendor, "who made it");
  v.text("product", record.product, "what it is");
  v.text("model", record.model, "its model");
  v.text("version", record.version, "of its firmware");
  v.text("serial", record.serial, "its serial number");
  v("vendor_id", record.vendor_id, "a number in the protocol that it comes from");
  v("product_id", record.product_id, "a number in the protocol that it comes from");
  v("discriminator", record.discriminator, "of Matter: distinguishes unprovisioned devices");
  v.text("hosts", record.hosts, "its host names");
  v.text("ips", record.ips, "its IP addresses");
  v("macs", record.macs, "its hardware addresses, lower case, with colons");
  v("rssi_dbm", record.rssi_dbm, "the latest signal strength");
  v("sources", record.sources, "the sources that found it");
  v("truncated", record.truncated, "it has more services than are listed here", Presence::if_set);
  v("facts", record.facts, "what else it announces, each named SOURCE.FACT");
  v("evidence", record.evidence, "every claim, with its source");
  v("lost_reason", record.lost_reason, "of lost: gone, silent, filtered, merged");
  v("merged_into", record.merged_into, "of lost: the id of the device that it turned out to be");
}

void describe(FieldVisitor& v, SourceReport& source) {
  v("name", source.name, "what --only takes");
  v.choice("state", source.state, source_state_names, "whether it looked");
  v.text("detail", source.detail, "what was tried; may be empty");
  v.text("hint", source.hint, "what to do about it; may be empty");
}

void describe(FieldVisitor& v, Report& report) {
  v("devices", report.devices, "one for each, by ecosystem, name and id");
  v("sources", report.sources, "what became of each");
  v("complete", report.complete, "false when it was stopped before its time");
  v("seconds", report.seconds, "how long it took");
}

void describe(FieldVisitor& v, SourceInfo& source) {
  v("name", source.name, "what --only takes");
  v("description", source.description, "one line");
}
void describe(FieldVisitor& v, SourceList& list) { v("sources", list.sources, "the ways to look"); }

}  // namespace aiot::discover
