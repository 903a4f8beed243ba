#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "aiot/bytes.hpp"
#include "aiot/error.hpp"
#include "aiot/result.hpp"
#include "net/udp_protocol.hpp"

namespace aiot::tuya {

/// What can be wrong with a Tuya broadcast.
enum class Errc {
  bad_packet = 1,  ///< not a Tuya frame, or damaged
  bad_cipher,      ///< it does not decrypt with the key that all devices share
  bad_content,     ///< what is in it is no announcement
};
boost::system::error_code make_error_code(Errc e) noexcept;

}  // namespace aiot::tuya

template <>
struct boost::system::is_error_code_enum<aiot::tuya::Errc> : std::true_type {};

/// Broadcasts of Tuya devices; see README.md for where this is written down.
namespace aiot::tuya {

inline constexpr std::uint16_t plain_port = 6666;
inline constexpr std::uint16_t cipher_port = 6667;
inline constexpr std::uint16_t question_port = 7000;  ///< of 3.5 devices, which are silent else
inline constexpr std::array ports = {question_port, plain_port, cipher_port};
inline constexpr net::UdpProtocol udp_protocol{"tuya", ports};

/// A frame that was taken apart; its payload is decrypted.
struct Packet {
  std::uint32_t sequence = 0;
  std::uint32_t command = 0;  ///< 0, 0x13 (encrypted) or 0x23 (3.5) in announcements, 0x25 asks
  std::string text;           ///< JSON, in announcements
};
/// 55AA frames with a CRC, plain or AES-ECB; 6699 frames with AES-GCM; and, from old firmware, JSON
/// or its cipher text without a frame. Errc::bad_packet, Errc::bad_cipher.
Result<Packet> decode_broadcast(ByteSpan datagram);

/// What the vendor's application asks 3.5 devices on question_port: a 6699 frame with its own
/// address. `nonce` has 12 bytes, another for each question.
Bytes info_question(std::string_view own_ip, ByteSpan nonce);

/// What a device says of itself. Every text is as it said it.
struct Announcement {
  std::string device_id;  ///< "gwId"
  std::string ip;
  std::string product_key;
  std::string version;  ///< of the protocol: "3.3"
  bool encrypted = false;
  /// 0 while nobody has activated it, 2 once it belongs to an account.
  int active = -1;
};
/// Errc::bad_content: no JSON object with a gwId. At most 256 characters of each text are kept.
Result<Announcement> parse_announcement(const std::string& text);

}  // namespace aiot::tuya
