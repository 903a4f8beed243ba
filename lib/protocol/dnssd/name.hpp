#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "aiot/bytes.hpp"
#include "protocol/dnssd/error.hpp"

namespace aiot::dnssd {

/// A domain name (RFC 1035 section 3.1): labels of 1 to 63 bytes, at most 255 bytes on the wire.
/// Labels are kept as they were sent, hostile bytes and all; names are equal whatever the case of
/// their ASCII letters.
class Name {
 public:
  Name() = default;  ///< the root
  /// "_hap._tcp.local": dots separate labels, "\." and "\\" are characters, "\DDD" a byte.
  /// Errc::bad_name.
  static Result<Name> parse(std::string_view text);
  /// One that the program itself writes and that is known to be good.
  explicit Name(std::string_view text) : Name(*parse(text)) {}
  explicit Name(std::vector<std::string> labels) : labels_(std::move(labels)) {}

  const std::vector<std::string>& labels() const { return labels_; }
  bool empty() const { return labels_.empty(); }
  /// As parse() takes it; bytes that are no text stay as they are.
  std::string text() const;
  /// The same for all names that are equal.
  std::string key() const;
  /// The name without its first label.
  Name parent() const;
  /// `first` in front of this name. Errc::bad_name when that is too long.
  Result<Name> with(std::string_view first) const;
  bool ends_with(const Name& tail) const;
  /// Its length on the wire, without compression.
  std::size_t wire_bytes() const;

  friend bool operator==(const Name& a, const Name& b);

 private:
  std::vector<std::string> labels_;
};

/// Reads the name at `offset` of `packet` and moves `offset` behind it. Pointers (RFC 1035 section
/// 4.1.4) must lead backwards, so that no name is endless. Errc::truncated, Errc::bad_name.
Result<Name> read_name(ByteSpan packet, std::size_t& offset);

}  // namespace aiot::dnssd
