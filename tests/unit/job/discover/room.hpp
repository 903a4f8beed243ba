#pragma once

#include <map>
#include <string>
#include <vector>

#include "job/discover/registry.hpp"

/// A network as a test sets it up, and short ways to say what is seen there.
namespace room {

using namespace aiot;
using namespace aiot::discover;

struct Lan {
  std::map<std::string, std::string> neighbours;  ///< IP -> MAC
  std::vector<std::string> own;

  Network network() {
    Network s;
    s.mac_of = [this](const std::string& ip) {
      const auto found = neighbours.find(ip);
      return found == neighbours.end() ? std::string() : found->second;
    };
    s.is_own = [this](const std::string& ip) {
      return std::find(own.begin(), own.end(), ip) != own.end();
    };
    s.vendor_of = [](const std::string& mac) {
      return mac.starts_with("24:0a:c4") ? std::optional<std::string>("Espressif Inc.")
                                         : std::nullopt;
    };
    return s;
  }
};

/// A claim as a test writes it.
struct Fact {
  std::string name;
  Value value;
  double confidence = 1;
};

inline void add(const Fact& fact, Observation& out) {
  const auto text = [&] { return *fact.value.string(); };
  if (fact.name == "name") return claim(out.name, text(), fact.confidence);
  if (fact.name == "vendor") return claim(out.vendor, text(), fact.confidence);
  if (fact.name == "product") return claim(out.product, text(), fact.confidence);
  if (fact.name == "model") return claim(out.model, text(), fact.confidence);
  if (fact.name == "version") return claim(out.version, text(), fact.confidence);
  if (fact.name == "serial") return claim(out.serial, text(), fact.confidence);
  if (fact.name == "ecosystem") return claim(out.ecosystem, text(), fact.confidence);
  if (fact.name == "ecosystem_reason") {
    out.ecosystem->reason = text();
    return;
  }
  if (fact.name == "host") return out.hosts.push_back(text());
  if (fact.name == "ip") return out.ips.push_back(text());
  if (fact.name == "mac") return out.macs.push_back(text());
  if (fact.name == "rssi_dbm") {
    out.rssi_dbm = static_cast<int>(std::get<std::int64_t>(fact.value.storage()));
  } else if (fact.name == "state") {
    for (const auto state : {DeviceState::unprovisioned, DeviceState::provisioned,
                             DeviceState::bootloader, DeviceState::secured}) {
      if (state_name(state) == text()) claim(out.state, state, fact.confidence);
    }
  } else {
    add_detail(out, fact.name, fact.value);
  }
}

inline Observation seen(std::string source, std::vector<Identity> identities,
                        std::vector<Fact> facts = {}, std::vector<std::string> addresses = {}) {
  Observation o;
  o.source = std::move(source);
  o.identities = std::move(identities);
  for (const Fact& fact : facts) add(fact, o);
  o.addresses = std::move(addresses);
  return o;
}
inline Identity mac(std::string value) { return {IdentityKind::mac, std::move(value)}; }
inline Identity ip(std::string value) { return {IdentityKind::address, std::move(value)}; }
inline Identity instance(std::string value) { return {IdentityKind::instance, std::move(value)}; }

inline Moment at(int seconds) { return Moment(std::chrono::seconds(seconds)); }

/// A field of a record as text, for short comparisons; lists with blanks between.
inline std::string text(const Object& fields, std::string_view name) {
  const Value* value = fields.find(name);
  if (value == nullptr) return "(none)";
  if (value->string() != nullptr) return *value->string();
  std::string all;
  if (const Array* list = value->array()) {
    for (const Value& element : *list) {
      all += (all.empty() ? "" : " ") + (element.string() ? *element.string() : "?");
    }
  }
  return all;
}

/// Everything there is now, by what the changes said so far.
class Ledger {
 public:
  explicit Ledger(Registry& registry) : registry_(registry) {}
  std::vector<Change> take() {
    std::vector<Change> changes = registry_.take_changes();
    for (const Change& change : changes) {
      if (change.record) {
        devices[change.id] = fields_of(*change.record);
      } else {
        devices.erase(change.id);
      }
    }
    return changes;
  }
  std::map<std::string, Object> devices;

 private:
  Registry& registry_;
};

}  // namespace room
