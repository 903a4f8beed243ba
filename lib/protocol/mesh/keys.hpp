#pragma once

#include <array>
#include <optional>

#include "aiot/bytes.hpp"

/// The keys of a provisioning session (Mesh Profile 1.0.1, 3.8.2 and 5.4.2).
namespace aiot::mesh {

using Key = std::array<std::uint8_t, 16>;

/// s1 and k1 (3.8.2.4, 3.8.2.5).
Key s1(ByteSpan message);
Key k1(ByteSpan input, const Key& salt, std::string_view purpose);

/// Over all PDUs up to the public keys, without their types (5.4.2.4).
struct Confirmations {
  Key salt{};
  Key key{};

  Confirmations() = default;
  Confirmations(ByteSpan inputs, ByteSpan shared_secret);
  /// Of the side whose random number this is.
  Key of(const Key& random, const Key& authentication) const;
};

/// What a device gets (5.4.1.9).
struct NodeData {
  Key network_key{};
  std::uint16_t key_index = 0;
  std::uint8_t flags = 0;
  std::uint32_t iv_index = 0;
  std::uint16_t address = 0;  ///< of its first element
  Key device_key{};           ///< of this session; it is not sent
};
/// Opens 25 bytes and their MIC of 8 (5.4.2.5). Nothing when they are not of this session.
std::optional<NodeData> open_data(ByteSpan sealed, ByteSpan shared_secret, const Key& salt,
                                  const Key& provisioner_random, const Key& device_random);

}  // namespace aiot::mesh
