#include "job/discover/registry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "aiot/address.hpp"

namespace aiot::discover {
namespace {

constexpr std::size_t max_devices = 4096;
constexpr std::size_t max_sightings = 64;
constexpr std::size_t max_keys = 64;
constexpr std::size_t max_texts = 64;
constexpr std::size_t max_details = 256;

template <class T>
void add_new(std::vector<T>& to, T item, std::size_t limit) {
  if (to.size() < limit && std::find(to.begin(), to.end(), item) == to.end()) {
    to.push_back(std::move(item));
  }
}

bool has_mac(const std::vector<Key>& keys) {
  return std::any_of(keys.begin(), keys.end(),
                     [](const Key& key) { return key.kind == IdentityKind::mac; });
}

/// Tells programs on this machine apart that say nothing of themselves: by who found them.
Key own_program(const Observation& observation) {
  return {IdentityKind::instance, "here " + observation.source};
}

/// The services of a program on this machine, by which two sources know that they speak of one.
void add_own_services(const Observation& observation, std::vector<Key>& keys) {
  for (const std::string& text : observation.addresses) {
    const auto address = parse_address(text);
    if (!address || address->port == 0) continue;
    add_new(keys, {IdentityKind::port, fmt::format("here {}:{}", address->scheme, address->port)},
            max_keys);
  }
}

template <class T>
bool replace(std::optional<T>& known, std::optional<T>&& seen) {
  if (!seen || known == seen) return false;
  known = std::move(seen);
  return true;
}

bool join(std::vector<std::string>& known, std::vector<std::string>&& seen) {
  const std::size_t before = known.size();
  for (std::string& text : seen) add_new(known, std::move(text), max_texts);
  return known.size() != before;
}

bool replace_details(Object& known, const Object& seen) {
  bool changed = false;
  for (const auto& [name, value] : seen.fields()) {
    const Value* before = known.find(name);
    if (before != nullptr ? *before == value : known.fields().size() >= max_details) continue;
    known.set(name, value);
    changed = true;
  }
  return changed;
}

/// Adds what is new, and replaces what is reported anew. False when nothing has changed.
bool merge(Observation& known, Observation&& seen) {
  bool changed = false;
  changed |= replace(known.name, std::move(seen.name));
  changed |= replace(known.vendor, std::move(seen.vendor));
  changed |= replace(known.product, std::move(seen.product));
  changed |= replace(known.model, std::move(seen.model));
  changed |= replace(known.version, std::move(seen.version));
  changed |= replace(known.serial, std::move(seen.serial));
  changed |= replace(known.ecosystem, std::move(seen.ecosystem));
  changed |= replace(known.state, std::move(seen.state));
  changed |= replace(known.vendor_id, std::move(seen.vendor_id));
  changed |= replace(known.product_id, std::move(seen.product_id));
  changed |= replace(known.discriminator, std::move(seen.discriminator));
  changed |= replace(known.rssi_dbm, std::move(seen.rssi_dbm));
  changed |= join(known.hosts, std::move(seen.hosts));
  changed |= join(known.ips, std::move(seen.ips));
  changed |= join(known.macs, std::move(seen.macs));
  changed |= join(known.addresses, std::move(seen.addresses));
  changed |= join(known.jobs, std::move(seen.jobs));
  changed |= replace_details(known.details, seen.details);
  return changed;
}

}  // namespace

Registry::Registry(Network network) : network_(std::move(network)) {}
Registry::~Registry() = default;

std::vector<Key> Registry::keys_of(const Observation& observation) const {
  std::vector<Key> keys;
  bool own = false;
  for (const Identity& identity : observation.identities) {
    auto key = key_of(identity);
    if (!key) continue;
    if (identity.kind == IdentityKind::address) {
      if (network_.is_own(identity.value)) {
        own = true;
        continue;
      }
      if (is_nobodys_address(identity.value)) continue;
      if (const auto mac = mac_behind({*key})) add_new(keys, *mac, max_keys);
    }
    add_new(keys, *std::move(key), max_keys);
  }
  if (own) add_own_services(observation, keys);
  if (keys.empty() && own) keys.push_back(own_program(observation));
  return keys;
}

Device* Registry::at_address(const std::vector<Key>& keys) const {
  for (const Key& key : keys) {
    const auto found = key.kind == IdentityKind::address ? by_key_.find(key.text) : by_key_.end();
    if (found == by_key_.end()) continue;
    // With two MACs that differ, the address has changed hands.
    if (!has_mac(keys) || !has_mac(found->second->keys())) return found->second;
  }
  return nullptr;
}

bool Registry::is_other_host(const std::vector<Key>& keys, const Device& device) const {
  const std::vector<Key> known = device.keys();
  const auto is_mac = [](const Key& key) { return key.kind == IdentityKind::mac; };
  return has_mac(keys) && has_mac(known) && std::ranges::none_of(keys, [&](const Key& key) {
           return is_mac(key) && std::ranges::find(known, key) != known.end();
         });
}

Device& Registry::device_for(const std::vector<Key>& keys) {
  Device* device = nullptr;
  for (const Key& key : keys) {
    if (key.kind == IdentityKind::address) continue;
    const auto found = by_key_.find(key.text);
    if (found == by_key_.end() || found->second == device) continue;
    if (key.kind == IdentityKind::host) {
      if (shared_hosts_.contains(key.text)) continue;
      const bool differs = is_other_host(keys, *found->second) ||
                           (device != nullptr && is_other_host(device->keys(), *found->second));
      if (differs) {
        if (shared_hosts_.size() >= max_devices) shared_hosts_.clear();
        shared_hosts_.insert(key.text);
        continue;
      }
    }
    device = device == nullptr ? found->second : &unite(*device, *found->second);
  }
  if (device == nullptr) device = at_address(keys);
  if (device == nullptr) {
    device = devices_.emplace_back(std::make_unique<Device>()).get();
    device->number = next_number_++;
  }
  return *device;
}

void Registry::index(Device& device, const std::vector<Key>& keys) {
  for (const Key& key : keys) by_key_[key.text] = &device;
}

void Registry::reindex(Device& device) {
  std::erase_if(by_key_, [&](const auto& entry) { return entry.second == &device; });
  index(device, device.keys());
}

Device& Registry::unite(Device& a, Device& b) {
  Device& into = a.number < b.number ? a : b;
  Device& from = &into == &a ? b : a;
  index(into, from.keys());
  for (Sighting& sighting : from.sightings) {
    if (into.sightings.size() < max_sightings) {
      into.sightings.push_back(std::move(sighting));
    } else {
      into.truncated = true;
    }
  }
  into.truncated |= from.truncated;
  from.sightings.clear();
  into.changed = true;
  // The id that was reported first stays: the older device may not have been reported yet.
  if (into.id.empty()) std::swap(into.id, from.id);
  remove(from, "merged", into.id);
  return into;
}

void Registry::remove(Device& device, std::string reason, std::string merged_into) {
  if (!device.id.empty()) {
    removed_.push_back({device.id, std::nullopt, std::move(reason), std::move(merged_into)});
  }
  std::erase_if(by_key_, [&](const auto& entry) { return entry.second == &device; });
  std::erase_if(devices_, [&](const auto& owned) { return owned.get() == &device; });
}

void Registry::drop_nobodys_addresses(Observation& observation) const {
  const auto is_nobodys = [&](const std::string& ip) {
    return is_nobodys_address(ip) && !network_.is_own(ip);
  };
  std::erase_if(observation.ips, is_nobodys);
  std::erase_if(observation.addresses, [&](const std::string& text) {
    const auto address = parse_address(text);
    return address && is_nobodys(address->host);
  });
}

void Registry::add(Observation observation, Moment now) {
  drop_nobodys_addresses(observation);
  const std::vector<Key> keys = keys_of(observation);
  if (keys.empty()) return;
  if (observation.gone) return forget(observation, keys);
  if (devices_.size() >= max_devices && std::none_of(keys.begin(), keys.end(), [&](const Key& k) {
        return by_key_.contains(k.text);
      })) {
    return;
  }
  Device& device = device_for(keys);
  auto sighting =
      std::find_if(device.sightings.begin(), device.sightings.end(), [&](const Sighting& known) {
        return known.seen.source == observation.source && same_subject(known.keys, keys);
      });
  if (sighting == device.sightings.end()) {
    if (device.sightings.size() >= max_sightings) {
      device.changed |= !device.truncated;
      device.truncated = true;
      return;
    }
    sighting = device.sightings.insert(sighting, Sighting{});
    sighting->seen.source = observation.source;
    device.changed = true;
  }
  for (const Key& key : keys) add_new(sighting->keys, key, max_keys);
  if (observation.ecosystem) {
    observation.ecosystem->value = ecosystem_name(observation.ecosystem->value);
  }
  if (merge(sighting->seen, std::move(observation))) device.changed = true;
  sighting->last_seen = now;
  index(device, sighting->keys);
}

void Registry::forget(const Observation& observation, const std::vector<Key>& keys) {
  for (std::size_t i = devices_.size(); i-- > 0;) {
    Device& device = *devices_[i];
    const std::size_t ended = std::erase_if(device.sightings, [&](const Sighting& sighting) {
      return sighting.seen.source == observation.source && same_subject(sighting.keys, keys);
    });
    if (ended > 0) shrink(device, "gone");
  }
}

void Registry::shrink(Device& device, const char* reason) {
  if (device.sightings.empty()) return remove(device, reason, {});
  device.changed = true;
  reindex(device);
}

void Registry::look_up_macs() {
  for (std::size_t i = devices_.size(); i-- > 0;) {
    Device& device = *devices_[i];
    if (std::ranges::all_of(device.sightings, [](const Sighting& s) { return has_mac(s.keys); })) {
      continue;
    }
    std::optional<Key> mac;
    for (Sighting& sighting : device.sightings) {
      if (has_mac(sighting.keys)) continue;
      if (const auto found = mac_behind(sighting.keys)) {
        add_new(sighting.keys, *found, max_keys);
        mac = found;
      }
    }
    if (!mac) continue;
    device.changed = true;
    const auto known = by_key_.find(mac->text);
    const bool is_others = known != by_key_.end() && known->second != &device;
    index(is_others ? unite(device, *known->second) : device, {*mac});
  }
  for (std::size_t i = devices_.size(); i-- > 0;) part(*devices_[i]);
}

namespace {

/// For each sighting the number of its group: groups share no key but a host's name.
std::vector<std::size_t> groups_of(const std::vector<Sighting>& sightings) {
  std::vector<std::size_t> group(sightings.size());
  std::map<std::string_view, std::size_t> first;  // key -> sighting
  for (std::size_t i = 0; i < sightings.size(); ++i) {
    group[i] = i;
    for (const Key& key : sightings[i].keys) {
      if (key.kind == IdentityKind::host) continue;
      const auto [known, is_new] = first.try_emplace(key.text, i);
      if (is_new || group[known->second] == group[i]) continue;
      std::ranges::replace(group, std::size_t{group[i]}, std::size_t{group[known->second]});
    }
  }
  return group;
}

}  // namespace

void Registry::part(Device& device) {
  const std::vector<Key> keys = device.keys();
  const auto macs = std::ranges::count(keys, IdentityKind::mac, &Key::kind);
  if (macs < 2) return;
  const std::vector<std::size_t> groups = groups_of(device.sightings);
  std::set<std::size_t> with_mac;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (has_mac(device.sightings[i].keys)) with_mac.insert(groups[i]);
  }
  if (with_mac.size() < 2) return;
  for (const Key& key : keys) {
    if (key.kind == IdentityKind::host) shared_hosts_.insert(key.text);
  }
  std::vector<Sighting> sightings = std::exchange(device.sightings, {});
  std::erase_if(by_key_, [&](const auto& entry) { return entry.second == &device; });
  // Those with a MAC first, so that the others find theirs; the first stays.
  std::stable_partition(sightings.begin(), sightings.end(),
                        [](const Sighting& s) { return has_mac(s.keys); });
  Device* to = &device;
  for (Sighting& sighting : sightings) {
    if (to == nullptr) to = &device_for(sighting.keys);
    index(*to, sighting.keys);
    to->sightings.push_back(std::move(sighting));
    to->changed = true;
    to = nullptr;
  }
}

std::optional<Key> Registry::mac_behind(const std::vector<Key>& keys) const {
  for (const Key& key : keys) {
    if (key.kind != IdentityKind::address) continue;
    if (auto mac = key_of({IdentityKind::mac, network_.mac_of(key.value())})) return mac;
  }
  return std::nullopt;
}

void Registry::expire(Moment limit, const std::function<bool(const std::string&)>& fades) {
  for (std::size_t i = devices_.size(); i-- > 0;) {
    Device& device = *devices_[i];
    const std::size_t ended = std::erase_if(device.sightings, [&](const Sighting& sighting) {
      return sighting.last_seen < limit && fades(sighting.seen.source);
    });
    if (ended > 0) shrink(device, "silent");
  }
}

std::string Registry::free_id(const Device& device) const {
  const std::vector<Key> keys = device.keys();
  std::string id = id_of(keys);
  const auto taken = [&] {
    return std::any_of(devices_.begin(), devices_.end(),
                       [&](const auto& other) { return other->id == id; });
  };
  for (int n = 2; taken(); ++n) id = id_of({{keys.front().kind, fmt::format("{} {}", id, n)}});
  return id;
}

std::vector<Change> Registry::take_changes() {
  std::vector<Change> changes = std::move(removed_);
  removed_.clear();
  for (const auto& device : devices_) {
    if (!device->changed) continue;
    if (device->id.empty()) device->id = free_id(*device);
    device->changed = false;
    changes.push_back({device->id, device_record(*device, network_.vendor_of), {}, {}});
  }
  return changes;
}

std::vector<Key> Device::keys() const {
  std::vector<Key> all;
  for (const Sighting& sighting : sightings) {
    for (const Key& key : sighting.keys) {
      if (std::find(all.begin(), all.end(), key) == all.end()) all.push_back(key);
    }
  }
  return all;
}

}  // namespace aiot::discover
