#pragma once

#include <string>
#include <string_view>

#include "aiot/result.hpp"

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
