#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "aiot/export.hpp"
#include "aiot/result.hpp"

namespace aiot {

/// One way to reach a device, written as a URI.
///
///     serial:/dev/ttyUSB0?baud=115200   rfc2217://host:4000   tcp://[::1]:5555
///     usb:303a:1001?serial=70:04:1D     udp://192.168.1.40:1337
///     matter:34970112332                matter:192.168.1.7:5540?discriminator=3840
///
/// A bare path that starts with '/' (a device node) is `serial:` for short.
struct AIOT_API Address {
  std::string scheme;                        ///< lower case
  std::string host;                          ///< for the `//` forms; brackets of IPv6 removed
  std::uint16_t port = 0;                    ///< 0 when absent
  std::string path;                          ///< device node, "VID:PID", topic …; percent-decoded
  std::map<std::string, std::string> query;  ///< percent-decoded

  /// The canonical spelling; parse(str()) gives the same Address.
  std::string str() const;
  friend bool operator==(const Address&, const Address&) = default;
};

/// The way without its settings, and a device node by its real name: the same for all spellings of
/// one way to reach a device.
AIOT_API std::string place_of(const Address& address);

AIOT_API Result<Address> parse_address(std::string_view text);

/// The one job that takes addresses of a scheme; "" when several do.
AIOT_API std::string_view job_of_scheme(std::string_view scheme);

/// Fails with a message naming what is accepted, and the command that takes the scheme if one does.
AIOT_API Result<void> require_scheme(const Address& address,
                                     std::span<const std::string_view> accepted);

}  // namespace aiot
