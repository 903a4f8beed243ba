#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "aiot/bytes.hpp"
#include "aiot/error.hpp"
#include "aiot/result.hpp"
#include "net/udp_protocol.hpp"

namespace aiot::miio {

/// What can go wrong in miIO.
enum class Errc {
  bad_packet = 1,  ///< not a miIO packet, or damaged
  wrong_token,     ///< the checksum does not fit the token
  token_hidden,    ///< a token is needed, and the device does not report it
  bad_reply,       ///< a text that is no JSON, or does not answer what was asked
  no_reply,        ///< no answer after all attempts; a wrong token is answered so, too
  refused,         ///< the device answered with an error; its words are in peer_text
};
boost::system::error_code make_error_code(Errc e) noexcept;

}  // namespace aiot::miio

template <>
struct boost::system::is_error_code_enum<aiot::miio::Errc> : std::true_type {};

namespace aiot::miio {

/// What devices send instead of JSON, made JSON, outside of strings: commas that follow another
/// comma or an opening bracket, and numbers of zeros ("value":00). Everything else is kept.
std::string repaired_json(std::string_view text);

}  // namespace aiot::miio

/// Packets of miIO; see README.md for where this is written down.
namespace aiot::miio {

inline constexpr std::uint16_t udp_port = 54321;
inline constexpr std::array<std::uint16_t, 1> ports = {udp_port};
inline constexpr net::UdpProtocol udp_protocol{"miio", ports};
inline constexpr std::size_t header_bytes = 32;

/// What a device and those who may command it share: a secret, never shown.
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
  /// Reported by a device that nobody has provisioned yet; hidden ones (all 00, all FF) are none.
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
