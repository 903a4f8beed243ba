#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "aiot/bytes.hpp"
#include "net/udp_protocol.hpp"
#include "protocol/miio/error.hpp"

/// Packets of miIO; see README.md for where this is written down.
namespace aiot::miio {

inline constexpr std::uint16_t udp_port = 54321;
inline constexpr std::array<std::uint16_t, 1> ports = {udp_port};
inline constexpr net::UdpProtocol udp_protocol{"miio", ports};
inline constexpr std::size_t header_bytes = 32;

/// What a device and whoever may command it share: a secret, never shown.
using Token = std::array<std::uint8_t, 16>;
/// 32 hex digits; nothing for anything else.
std::optional<Token> parse_token(std::string_view hex);

/// In front of every packet. All numbers are big-endian on the wire.
struct Header {
  std::uint64_t device_id = 0;
  std::uint32_t stamp_s = 0;           ///< the device's uptime, in seconds
  std::array<std::uint8_t, 16> sum{};  ///< MD5, or a token, or what hides one
};
/// Errc::bad_packet: shorter than a header, another magic, another length than it says.
Result<Header> decode_header(ByteSpan packet);

/// "Who is there?": a header alone, all ones behind its length.
Bytes hello();
bool is_hello(ByteSpan packet);
/// A device's answer; a provisioned device gives no token.
Bytes hello_reply(std::uint64_t device_id, std::uint32_t stamp_s,
                  const std::optional<Token>& token);

struct HelloReply {
  std::uint64_t device_id = 0;
  std::uint32_t stamp_s = 0;
  /// Told by a device that nobody has provisioned yet; hidden ones (all 00, all FF) are none.
  std::optional<Token> token;
};
/// Errc::bad_packet for what is no answer to a hello, the hello itself among it.
Result<HelloReply> decode_hello_reply(ByteSpan packet);

/// A command or its answer: JSON text, encrypted with the token.
Bytes seal(std::uint64_t device_id, std::uint32_t stamp_s, std::string_view text,
           const Token& token);
/// The text, up to its first NUL. Errc::bad_packet, Errc::wrong_token.
Result<std::string> open(ByteSpan packet, const Token& token);

}  // namespace aiot::miio
