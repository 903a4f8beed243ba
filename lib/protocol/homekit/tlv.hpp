#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aiot/bytes.hpp"
#include "aiot/result.hpp"

namespace aiot::homekit {

/// What an item of a pairing message is (HAP specification, 5.16).
enum class Tag : std::uint8_t {
  method = 0x00,
  identifier = 0x01,
  salt = 0x02,
  public_key = 0x03,
  proof = 0x04,
  encrypted = 0x05,
  state = 0x06,
  error = 0x07,
  retry_delay = 0x08,
  signature = 0x0a,
  permissions = 0x0b,
  separator = 0xff,  ///< between two groups of items
};

/// Why a message is refused: the value of Tag::error (5.15).
enum class Problem : std::uint8_t {
  unknown = 1,
  authentication = 2,
  backoff = 3,
  most_peers = 4,
  most_tries = 5,
  unavailable = 6,  ///< it is paired
  busy = 7,
};

/// A message of type-length-value items. A value of more than 255 bytes is written in fragments of
/// 255, and one that is read is whole again.
class Tlv {
 public:
  struct Item {
    Tag tag = Tag::separator;
    Bytes value;
    friend bool operator==(const Item&, const Item&) = default;
  };
  /// The longest message that is decoded.
  static constexpr std::size_t most_bytes = 64 * 1024;

  Tlv& add(Tag tag, ByteSpan value);
  Tlv& add(Tag tag, std::uint8_t value) { return add(tag, ByteSpan(&value, 1)); }
  Tlv& add(Tag tag, std::string_view value) { return add(tag, as_bytes(value)); }

  /// The first of this kind; empty when there is none, or it has no bytes.
  ByteSpan find(Tag tag) const;
  bool has(Tag tag) const;
  /// A little-endian number of at most 4 bytes.
  std::optional<std::uint32_t> number(Tag tag) const;
  const std::vector<Item>& items() const { return items_; }

  Bytes encode() const;
  /// provisioning::Errc::protocol_violated for one that is cut short or too long.
  static Result<Tlv> decode(ByteSpan bytes);

 private:
  std::vector<Item> items_;
};

}  // namespace aiot::homekit
