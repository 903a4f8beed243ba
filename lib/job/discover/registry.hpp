#pragma once

#include <map>
#include <memory>
#include <set>

#include "job/discover/device.hpp"

namespace aiot::discover {

/// What this machine knows of the network it is on. Asked at once, never waited for; "" is unknown.
struct Network {
  std::function<std::string(const std::string& ip)> mac_of;  ///< from the neighbour table
  std::function<bool(const std::string& ip)> is_own;         ///< an address of this machine
  VendorOf vendor_of;
};

/// What became of a device since it was asked last.
struct Change {
  std::string id;
  std::optional<DeviceRecord> record;  ///< nullopt: it is no more
  std::string reason;            ///< why it is no more: "gone", "silent", "merged"
  std::string merged_into;       ///< the id of the device that it turned out to be
};

/// One record for each physical device, from what all sources see. Pure: time and the neighbour
/// table are passed in.
///
/// Two observations are one device when they share a MAC, a serial number, an instance, a hardware
/// id, a port or a host's name; the name alone does not join two MACs that differ. An IP address is the weakest: it stands for the MAC behind it where
/// the neighbour table knows one, and otherwise joins only what has no different MAC. Addresses of
/// this machine itself join nothing: what is announced there are programs, each a device of its
/// own, known by the ports they serve.
class Registry {
 public:
  explicit Registry(Network network);
  ~Registry();

  /// What goes beyond 4096 devices, or 64 sightings, keys, addresses or 256 facts of one, is
  /// dropped.
  void add(Observation observation, Moment now);
  /// Asks again for the MACs of devices that are known by their IP address alone.
  void look_up_macs();
  /// Forgets what was not seen since `limit`, as far as `fades(source)`.
  void expire(Moment limit, const std::function<bool(const std::string& source)>& fades);
  /// Every device that is new, changed or no more, since this was called last. Ids are given here,
  /// so that what is heard in one go is one device from the start.
  std::vector<Change> take_changes();
  std::size_t size() const { return devices_.size(); }

 private:
  std::vector<Key> keys_of(const Observation& observation) const;
  Device& device_for(const std::vector<Key>& keys);
  Device* at_address(const std::vector<Key>& keys) const;
  /// Makes the two one, the older; returns it.
  Device& unite(Device& a, Device& b);
  void reindex(Device& device);
  /// After sightings of it have ended.
  void shrink(Device& device, const char* reason);
  std::optional<Key> mac_behind(const std::vector<Key>& keys) const;
  /// A host's name is no proof against two MACs that differ: those of `keys` and of the device.
  bool is_other_host(const std::vector<Key>& keys, const Device& device) const;
  /// Takes apart what only a host's name had joined, now that the MACs are known and differ.
  void part(Device& device);
  void drop_nobodys_addresses(Observation& observation) const;
  void remove(Device& device, std::string reason, std::string merged_into);
  void forget(const Observation& observation, const std::vector<Key>& keys);
  void index(Device& device, const std::vector<Key>& keys);
  std::string free_id(const Device& device) const;

  Network network_;
  std::vector<std::unique_ptr<Device>> devices_;  ///< the oldest first
  std::uint64_t next_number_ = 0;
  std::map<std::string, Device*> by_key_;
  std::set<std::string> shared_hosts_;  ///< names that several devices have: they join nothing
  std::vector<Change> removed_;
};

}  // namespace aiot::discover
