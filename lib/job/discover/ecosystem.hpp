#pragma once

#include <string>
#include <vector>

#include "job/discover/observation.hpp"

namespace aiot::discover {

/// That a device belongs to an ecosystem, and why that is believed.
struct EcosystemClaim {
  std::string name;  ///< "Matter", "Xiaomi Mi Home", "Tuya", …
  double confidence = 0;
  std::string reason;
};

/// What a sighting's facts say of it: what its source claims, and what its maker's name suggests.
std::vector<EcosystemClaim> ecosystem_claims(const std::string& source,
                                             const std::vector<Fact>& facts);

/// The usual spelling of an ecosystem's name: "Matter" for "matter"; others as they are.
std::string ecosystem_name(const std::string& name);

}  // namespace aiot::discover
