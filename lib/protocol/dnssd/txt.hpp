#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/dnssd/message.hpp"

namespace aiot::dnssd {

/// One attribute of a TXT record (RFC 6763 section 6.3).
struct Attribute {
  std::string key;                   ///< printable ASCII, as it was sent
  std::optional<std::string> value;  ///< nothing: "key" alone; bytes of any kind otherwise
};

/// The attributes in their order. Strings without a key and keys that were there before, in
/// whatever case, are left out, as section 6.4 wants it; so is what comes after 256.
std::vector<Attribute> attributes_of(const Strings& strings);
/// The value of `key`, in whatever case; "" for a key without one; nullptr when it is not there.
const std::string* find_value(const std::vector<Attribute>& attributes, std::string_view key);
/// "key=value" or "key" as the strings of a record; what is beyond 255 bytes is left out.
Strings strings_of(const std::vector<Attribute>& attributes);

}  // namespace aiot::dnssd
