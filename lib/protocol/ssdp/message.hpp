#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "aiot/bytes.hpp"
#include "aiot/error.hpp"
#include "aiot/result.hpp"
#include "net/udp_protocol.hpp"

namespace aiot::ssdp {

enum class Errc {
  not_ssdp = 1,       ///< neither a search, nor an answer, nor an announcement
  too_large,          ///< beyond a bound of parse_message()
  not_a_description,  ///< XML, but no UPnP device
};
boost::system::error_code make_error_code(Errc e) noexcept;

}  // namespace aiot::ssdp

template <>
struct boost::system::is_error_code_enum<aiot::ssdp::Errc> : std::true_type {};

namespace aiot::ssdp {

inline constexpr std::uint16_t udp_port = 1900;
inline constexpr std::string_view group_v4 = "239.255.255.250";
inline constexpr std::string_view group_v6 = "ff02::c";
inline constexpr std::array<std::string_view, 2> groups = {group_v4, group_v6};
inline constexpr std::array<std::uint16_t, 1> ports = {udp_port};
inline constexpr net::UdpProtocol udp_protocol{"ssdp", ports, groups};

/// UPnP Device Architecture 2.0, 1.2 and 1.3.
struct Message {
  enum class Kind {
    search,  ///< M-SEARCH
    answer,  ///< HTTP/1.1 200 OK
    alive,   ///< NOTIFY, NTS ssdp:alive
    update,  ///< NOTIFY, NTS ssdp:update
    byebye,  ///< NOTIFY, NTS ssdp:byebye
  };
  Kind kind = Kind::search;
  /// By name in lower case. At most 64, in at most 8 KiB.
  std::map<std::string, std::string, std::less<>> headers;

  /// A header's value, "" without it.
  std::string_view header(std::string_view lower_case_name) const;
  /// What is looked for or announced: ST or NT.
  std::string_view target() const;
  /// The device's own id, "uuid:…" of its USN; "" when it is not there.
  std::string_view udn() const;
  /// How long an announcement holds (CACHE-CONTROL max-age), half an hour when it does not say.
  std::chrono::seconds max_age() const;
};

Result<Message> parse_message(ByteSpan datagram);

/// A search to `host` ("239.255.255.250:1900") whose answers come within `mx_s` seconds (1.3.2).
std::string search(std::string_view host, std::string_view target, int mx_s);

/// What a UPnP device says of itself (UPnP Device Architecture 2.0, 2.3); "" where it is silent.
struct Description {
  std::string udn;  ///< "uuid:…"
  std::string device_type;
  std::string friendly_name;
  std::string manufacturer;
  std::string model_name;
  std::string model_number;
  std::string model_description;
  std::string serial_number;
  std::string presentation_url;
};

/// The root device of a description document. Errc::not_a_description, xml::Errc.
Result<Description> parse_description(std::string_view xml);

/// The document of a root device without services, with the elements that are not silent.
std::string format_description(const Description& description);

}  // namespace aiot::ssdp
