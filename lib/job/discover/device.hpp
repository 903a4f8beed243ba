#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "job/discover/identity.hpp"
#include "job/discover/observation.hpp"

namespace aiot::discover {

using Moment = std::chrono::steady_clock::time_point;

/// What one source knows of one subject: a service, an advertiser, a port. Later observations of
/// the same subject add to it, and replace what they report anew.
struct Sighting {
  Observation seen;  ///< all observations in one; its identities are in `keys`
  std::vector<Key> keys;
  Moment last_seen;
};

/// One physical device: everything that is about it.
struct Device {
  std::string id;  ///< "" until it is reported for the first time
  std::vector<Sighting> sightings;
  std::uint64_t number = 0;  ///< in the order of their first sighting
  bool changed = true;
  bool truncated = false;  ///< more is known of it than is kept

  std::vector<Key> keys() const;
};

/// Who made the interface with this MAC; nullopt when it is not known.
using VendorOf = std::function<std::optional<std::string>(const std::string& mac)>;

DeviceRecord device_record(const Device& device, const VendorOf& vendor_of);

/// The usual spelling of an ecosystem's name: "Matter" for "matter"; others as they are.
std::string ecosystem_name(const std::string& name);

}  // namespace aiot::discover
