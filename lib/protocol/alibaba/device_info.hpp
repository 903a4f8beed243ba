#pragma once

#include <array>
#include <string>
#include <string_view>

#include "aiot/error.hpp"
#include "aiot/result.hpp"
#include "net/udp_protocol.hpp"

namespace aiot::alibaba {

/// What can be wrong with what a Link Kit device says.
enum class Errc {
  bad_content = 1,  ///< no JSON that describes a device
  refused,          ///< an answer with a code other than 200
  bad_password,     ///< the device cannot decrypt the password: another product secret
};
boost::system::error_code make_error_code(Errc e) noexcept;

}  // namespace aiot::alibaba

template <>
struct boost::system::is_error_code_enum<aiot::alibaba::Errc> : std::true_type {};

/// How devices with Alibaba's Link Kit are found on a local network; see README.md.
namespace aiot::alibaba {

inline constexpr std::string_view info_path = "/sys/device/info/get";
inline constexpr std::string_view notify_path = "/sys/device/info/notify";
inline constexpr std::array<std::uint16_t, 1> ports = {5683};
inline constexpr std::array<std::string_view, 1> groups = {"224.0.1.187"};
inline constexpr net::UdpProtocol udp_protocol{"alibaba", ports, groups};

/// The payload of a GET on info_path.
std::string info_request(unsigned id);

/// What a device says of itself. Every text is as it said it.
struct DeviceInfo {
  std::string product_key;
  std::string device_name;
  std::string mac;  ///< "B0:F8:93:15:BF:21"
  std::string ip;
  std::string firmware;
  /// It offers a token that binds it to an account. The token itself is a secret, and not kept.
  bool binding_token = false;
};
/// Takes the answer to info_request() ("data") and what devices tell unasked ("params"). At most
/// 256 characters of each text are kept. Errc::bad_content, Errc::refused.
Result<DeviceInfo> parse_device_info(std::string_view text);

}  // namespace aiot::alibaba
