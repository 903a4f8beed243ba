#pragma once

#include <string>

#include "protocol/miio/packet.hpp"
#include "sim/station.hpp"

namespace aiot::sim::gadget {

/// The name of this kind of virtual device.
inline constexpr std::string_view kind = "gadget";
inline constexpr std::string_view model = "aiotctl.gadget.v1";
inline constexpr std::string_view maker = "aiotctl";
inline constexpr std::string_view firmware = "1.0.0";

/// What distinguishes one gadget from another; everything follows from its number and its MAC.
struct Identity {
  std::string name;    ///< "Virtual gadget 1"
  std::string mac;     ///< "24:0a:c4:a1:07:00"
  std::string serial;  ///< "240AC4A10700"
  std::string host;    ///< "gadget-240ac4a10700.local"
  std::string udn;     ///< "uuid:…", of UPnP
  std::uint64_t miio_id = 0;
  miio::Token miio_token{};
};

/// `number` from 1.
Identity make_identity(unsigned number, const Mac& mac);

}  // namespace aiot::sim::gadget
