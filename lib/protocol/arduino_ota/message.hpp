#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "aiot/bytes.hpp"
#include "aiot/error.hpp"
#include "aiot/result.hpp"

namespace aiot::arduino {

/// What can go wrong in an update.
enum class Errc {
  no_reply = 1,    ///< no answer to an invitation or a response
  bad_reply,       ///< an answer that this step does not allow
  needs_password,  ///< the device wants one, and none was given
  wrong_password,  ///< the device refused it
  not_connected,   ///< the device accepted, and did not connect to the host
  stalled,         ///< the device takes no more data
  refused,         ///< the device reports an error; its text says which
};
boost::system::error_code make_error_code(Errc e) noexcept;

inline constexpr std::uint16_t usual_port = 3232;  ///< of an ESP32; 8266 of an ESP8266

/// What the host wants to send.
struct Invitation {
  std::uint16_t port = 0;  ///< TCP, at the host
  std::uint64_t size_bytes = 0;
  std::string md5;  ///< 32 characters
};
std::string write(const Invitation& invitation);
/// For an application; nullopt for anything else.
std::optional<Invitation> parse_invitation(std::string_view text);

/// What a device says to an invitation, or to a response.
struct Answer {
  enum class Kind { ok, challenge, other };
  Kind kind = Kind::other;
  std::string nonce;  ///< 32 or 64 characters
};
Answer parse_answer(std::string_view text);

/// How a nonce of this length wants to be answered.
inline bool wants_sha256(std::string_view nonce) { return nonce.size() == 64; }
/// In hexadecimal, as a device keeps it.
std::string md5_hex(std::string_view password);
std::string sha256_hex(std::string_view password);
/// To the challenge `nonce`, by the hash of a password.
std::string respond(std::string_view password_hash, std::string_view nonce,
                    std::string_view cnonce);
/// The datagram with cnonce and response.
std::string write_response(std::string_view cnonce, std::string_view response);

}  // namespace aiot::arduino

template <>
struct boost::system::is_error_code_enum<aiot::arduino::Errc> : std::true_type {};
