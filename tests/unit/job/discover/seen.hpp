#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "job/discover/observation.hpp"

namespace aiot::discover {

inline bool has_identity(const Observation& seen, IdentityKind kind, std::string_view value) {
  return std::any_of(seen.identities.begin(), seen.identities.end(), [&](const Identity& identity) {
    return identity.kind == kind && identity.value == value;
  });
}

inline const Value* find_fact(const Observation& seen, std::string_view name) {
  for (const Fact& fact : seen.facts) {
    if (fact.name == name) return &fact.value;
  }
  return nullptr;
}

/// "" when there is no such fact, or it is no text.
inline std::string text_fact(const Observation& seen, std::string_view name) {
  const Value* value = find_fact(seen, name);
  return value != nullptr && value->string() != nullptr ? *value->string() : std::string();
}

}  // namespace aiot::discover
