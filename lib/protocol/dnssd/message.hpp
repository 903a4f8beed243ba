#pragma once

#include <array>
#include <cstdint>
#include <variant>
#include <vector>

#include "net/udp_protocol.hpp"
#include "protocol/dnssd/name.hpp"

namespace aiot::dnssd {

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

}  // namespace aiot::dnssd
