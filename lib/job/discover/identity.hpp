#pragma once

#include <optional>
#include <string>
#include <vector>

#include "job/discover/observation.hpp"

namespace aiot::discover {

/// An identity in one spelling, so that equal ones are equal texts.
struct Key {
  IdentityKind kind;
  std::string text;  ///< with its kind and scope: "mac 24:0a:c4:00:00:01"
  /// The text without its kind.
  std::string value() const { return text.substr(text.find(' ') + 1); }
  friend bool operator==(const Key&, const Key&) = default;
};

/// nullopt for what identifies nothing: an empty text, a MAC of zeros or of a group, a serial
/// number that makers leave as it was ("0000", "123456789").
std::optional<Key> key_of(const Identity& identity);

/// True for an IP address that no single host on a network has: unspecified, loopback, broadcast,
/// multicast.
bool is_nobodys_address(const std::string& text);

/// "24:0a:c4:00:00:01" from any usual spelling, nullopt when it is none of a single interface.
std::optional<std::string> normal_mac(const std::string& text);

/// Twelve hexadecimal digits from the strongest of the keys, the same in every run; "" of none.
std::string id_of(const std::vector<Key>& keys);

/// True when two sightings by one source are of one subject: the most telling kind of identity that
/// both have decides, so that two services of one host stay apart.
bool same_subject(const std::vector<Key>& a, const std::vector<Key>& b);

/// True when there is a key in both.
bool share_key(const std::vector<Key>& a, const std::vector<Key>& b);

}  // namespace aiot::discover
