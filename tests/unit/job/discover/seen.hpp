#pragma once

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "job/discover/source.hpp"

namespace aiot::discover {

inline bool has_identity(const Observation& seen, IdentityKind kind, std::string_view value) {
  return std::any_of(seen.identities.begin(), seen.identities.end(), [&](const Identity& identity) {
    return identity.kind == kind && identity.value == value;
  });
}

/// The value of the claim of this name in the observation's evidence.
inline std::optional<Value> find_fact(const Observation& seen, std::string_view name) {
  if (name == "rssi_dbm" && seen.rssi_dbm) return Value(*seen.rssi_dbm);
  for (const Evidence& claim : evidence_of(seen)) {
    if (claim.fact == name) return claim.value;
  }
  return std::nullopt;
}

/// "" when there is no such fact, or it is no text.
inline std::string text_fact(const Observation& seen, std::string_view name) {
  const std::optional<Value> value = find_fact(seen, name);
  return value && value->string() != nullptr ? *value->string() : std::string();
}

/// The protocol of this name.
inline const Protocol& protocol_named(std::string_view name) {
  for (const Protocol& protocol : protocols()) {
    if (protocol.wire != nullptr && protocol.wire->name == name) return protocol;
  }
  throw std::out_of_range(std::string(name));
}

/// What the protocol of this name says of a packet, as of one in a capture.
inline std::vector<Observation> observe(std::string_view name, const Packet& packet) {
  const Protocol& protocol = protocol_named(name);
  if (!understands(protocol, packet.from_port, packet.to_port)) return {};
  return protocol.decode(packet);
}

inline std::unique_ptr<Source> make_source(std::string_view name) {
  return protocol_named(name).make_source();
}

}  // namespace aiot::discover
