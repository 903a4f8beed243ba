#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "aiot/value.hpp"
#include "job/discover/identity.hpp"
#include "job/discover/observation.hpp"

namespace aiot::discover {

using Moment = std::chrono::steady_clock::time_point;

/// What one source knows of one subject: a service, an advertiser, a port. Later observations of
/// the same subject add to it and replace what they say anew.
struct Sighting {
  std::string source;
  std::vector<Key> keys;
  std::vector<Fact> facts;
  std::vector<std::string> addresses;
  std::vector<std::string> jobs;
  Moment last_seen;
};

/// One physical device: everything that is about it.
struct Device {
  std::string id;  ///< "" until it is told for the first time
  std::vector<Sighting> sightings;
  std::uint64_t number = 0;  ///< in the order of their first sighting
  bool changed = true;

  std::vector<Key> keys() const;
};

/// Who made the interface with this MAC; nullopt when it is not known.
using VendorOf = std::function<std::optional<std::string>(const std::string& mac)>;

/// A device as its record (schema "aiot.device/1"): of each fact the most confident, of addresses,
/// jobs and sources all, and every claim as evidence. Text is as the device said it.
Object device_fields(const Device& device, const VendorOf& vendor_of);

}  // namespace aiot::discover
