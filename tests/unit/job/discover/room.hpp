#pragma once

#include <map>
#include <string>
#include <vector>

#include "job/discover/registry.hpp"

/// A network as a test sets it up, and short ways to say what is seen there.
namespace room {

using namespace aiot;
using namespace aiot::discover;

struct Network {
  std::map<std::string, std::string> neighbours;  ///< IP -> MAC
  std::vector<std::string> own;

  Surroundings surroundings() {
    Surroundings s;
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

inline Observation seen(std::string source, std::vector<Identity> identities,
                        std::vector<Fact> facts = {}, std::vector<std::string> addresses = {}) {
  Observation o;
  o.source = std::move(source);
  o.identities = std::move(identities);
  o.facts = std::move(facts);
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
      if (change.fields) {
        devices[change.id] = *change.fields;
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
