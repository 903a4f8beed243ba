#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "aiot/bytes.hpp"
#include "aiot/error.hpp"
#include "aiot/result.hpp"
#include "net/udp_protocol.hpp"

namespace aiot::dnssd {

/// What can be wrong with a packet.
enum class Errc {
  truncated = 1,  ///< it ends inside a record
  bad_name,       ///< a name that is too long, or whose pointers do not lead backwards
  too_large,      ///< beyond 9,000 bytes (RFC 6762 section 17)
};
boost::system::error_code make_error_code(Errc e) noexcept;

}  // namespace aiot::dnssd

template <>
struct boost::system::is_error_code_enum<aiot::dnssd::Errc> : std::true_type {};

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

/// Record types (RFC 1035 section 3.2, RFC 2782, RFC 3596, RFC 4034).
enum Type : std::uint16_t { A = 1, PTR = 12, TXT = 16, AAAA = 28, SRV = 33, NSEC = 47, ANY = 255 };

/// The class of everything in multicast DNS; its top bit means something else there.
constexpr std::uint16_t class_in = 1;
/// RFC 6762 section 17: with headers, and on links that carry it; all else has 1,500 bytes.
constexpr std::size_t largest_packet = 9000;
constexpr std::size_t header_bytes = 12;
/// RFC 1035, section 2.3.4.
constexpr std::size_t longest_label = 63;
/// RFC 6762, sections 2 and 3.
inline constexpr std::uint16_t udp_port = 5353;
inline constexpr std::string_view group_v4 = "224.0.0.251";
inline constexpr std::string_view group_v6 = "ff02::fb";
inline constexpr std::array<std::uint16_t, 1> ports = {udp_port};
inline constexpr std::array<std::string_view, 2> groups = {group_v4, group_v6};
inline constexpr net::UdpProtocol udp_protocol{"mdns", ports, groups};
/// RFC 6762, section 6.7: the longest life of a record that an answer to a legacy resolver gives it.
constexpr std::uint32_t legacy_ttl_s = 10;

struct Question {
  Name name;
  std::uint16_t type = PTR;
  bool unicast = false;  ///< the top bit of the class: an answer by unicast is preferred
};

using Ipv4 = std::array<std::uint8_t, 4>;
using Ipv6 = std::array<std::uint8_t, 16>;
/// What PTR says.
struct Pointer {
  Name target;
  friend bool operator==(const Pointer&, const Pointer&) = default;
};
/// What SRV says (RFC 2782).
struct Location {
  std::uint16_t priority = 0;
  std::uint16_t weight = 0;
  std::uint16_t port = 0;
  Name host;
  friend bool operator==(const Location&, const Location&) = default;
};
/// The strings of a TXT record, each at most 255 bytes.
using Strings = std::vector<Bytes>;
/// A record of another type, or one whose data is not what its type says.
using Opaque = Bytes;
using Data = std::variant<Opaque, Ipv4, Ipv6, Pointer, Location, Strings>;

struct Record {
  Name name;
  std::uint16_t type = 0;
  bool flush = false;  ///< the top bit of the class: older records of this name and type are void
  std::uint32_t ttl_s = 0;  ///< 0: it is no more
  Data data;
};

/// A DNS message (RFC 1035 section 4) of multicast DNS. Counts are those of the lists.
struct Message {
  std::uint16_t id = 0;
  bool response = false;
  bool authoritative = false;
  bool truncated = false;  ///< in a query: more known answers follow
  std::uint8_t opcode = 0;
  std::uint8_t rcode = 0;
  std::vector<Question> questions;
  std::vector<Record> answers;
  std::vector<Record> authorities;
  std::vector<Record> additionals;
};

/// Errc::truncated, Errc::bad_name, Errc::too_large. Records of other classes are left out; bytes
/// behind the last record are not looked at.
Result<Message> decode(ByteSpan packet);
/// Names are compressed (RFC 1035 section 4.1.4), also those inside PTR and SRV (RFC 6762 section
/// 18.14). Opaque data is written as it is.
Bytes encode(const Message& message);

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
