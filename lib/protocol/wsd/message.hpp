#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "aiot/error.hpp"
#include "aiot/result.hpp"
#include "net/udp_protocol.hpp"

namespace aiot::wsd {

inline constexpr std::uint16_t udp_port = 3702;
inline constexpr std::string_view group_v4 = "239.255.255.250";
inline constexpr std::string_view group_v6 = "ff02::c";
inline constexpr std::array<std::string_view, 2> groups = {group_v4, group_v6};
inline constexpr std::array<std::uint16_t, 1> ports = {udp_port};
inline constexpr net::UdpProtocol udp_protocol{"wsd", ports, groups};

enum class Errc {
  not_wsd = 1,  ///< no envelope of WS-Discovery, or one that says nothing of a device
};
boost::system::error_code make_error_code(Errc e) noexcept;

/// One device, as it announces itself or matches a probe (WS-Discovery 1.1, 4 and 5).
struct Target {
  std::string endpoint;            ///< its own stable id, "urn:uuid:…"
  std::vector<std::string> types;  ///< qualified names without their prefixes: "Device", "Computer"
  std::vector<std::string> scopes;     ///< URIs, at most 32
  std::vector<std::string> addresses;  ///< XAddrs, at most 16
  bool gone = false;                   ///< it said Bye
};

/// The devices of a Hello, a Bye, ProbeMatches or ResolveMatches, at most 64. Errc::not_wsd,
/// xml::Errc.
Result<std::vector<Target>> parse_message(std::string_view text);

enum class Wanted {
  everything,
  devices,  ///< of the Devices Profile for Web Services: some answer only when they are named
};
/// A Probe in the 2005/04 form, which the 1.1 implementations answer too. `message_id` is a UUID of
/// its own for each: "6ba7b810-9dad-11d1-80b4-00c04fd430c8".
std::string probe(std::string_view message_id, Wanted wanted);

}  // namespace aiot::wsd

template <>
struct boost::system::is_error_code_enum<aiot::wsd::Errc> : std::true_type {};

namespace aiot::wsd {

/// What a device says of itself behind its XAddrs (Devices Profile for Web Services, May 2006,
/// sections 5.1 to 5.3; Windows' "pub" extension). "" for what it leaves out.
struct Metadata {
  std::string name;          ///< ThisDevice: FriendlyName
  std::string version;       ///< ThisDevice: FirmwareVersion
  std::string serial;        ///< ThisDevice: SerialNumber
  std::string manufacturer;  ///< ThisModel
  std::string model;         ///< ThisModel: ModelName
  std::string computer;      ///< Host: pub:Computer, "NAME/Workgroup:GROUP"
};

/// A GetResponse. Errc::not_wsd, xml::Errc.
Result<Metadata> parse_metadata(std::string_view text);

/// The MIME type of what is posted and answered.
inline constexpr std::string_view soap_type = "application/soap+xml";

/// A WS-Transfer Get (2004/09) to the device `endpoint`, which is escaped. `message_id` as probe()
/// has it.
std::string get(std::string_view message_id, std::string_view endpoint);
/// A Resolve (WS-Discovery 2005/04, section 6): who has this endpoint is to say its XAddrs.
std::string resolve(std::string_view message_id, std::string_view endpoint);

}  // namespace aiot::wsd
