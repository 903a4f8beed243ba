#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "aiot/bytes.hpp"
#include "aiot/error.hpp"
#include "aiot/result.hpp"

namespace aiot::esphome {

/// What can go wrong in an update.
enum class Errc {
  no_reply = 1,         ///< the device is silent at a step
  protocol,             ///< an answer that this step does not allow
  unsupported_version,  ///< a version of the protocol that is not known here
  needs_password,       ///< the device wants one, and none was given
  wrong_password,       ///< the device refused it
  refused,              ///< the device reports an error; its text says which
  no_space,             ///< the firmware is larger than the device's partition
  damaged,              ///< what arrived has another MD5
};
boost::system::error_code make_error_code(Errc e) noexcept;

inline constexpr std::uint16_t usual_port = 3232;  ///< of an ESP32
inline constexpr std::array<std::uint8_t, 5> magic = {0x6C, 0x26, 0xF7, 0x5C, 0x45};
inline constexpr std::size_t block_bytes = 8192;

/// One byte each.
enum class Reply : std::uint8_t {
  ok = 0x00,
  auth_md5 = 0x01,     ///< 32 characters follow
  auth_sha256 = 0x02,  ///< 64 characters follow
  header_ok = 0x40,
  auth_ok = 0x41,
  prepare_ok = 0x42,
  md5_ok = 0x43,
  received = 0x44,
  done = 0x45,
  takes_gzip = 0x46,
  block_ok = 0x47,
  features = 0x48,  ///< a byte with flags follows
};
/// Flags of the features: the host's, and in `gzip` the device's.
struct Feature {
  static constexpr std::uint8_t gzip = 0x01;
  static constexpr std::uint8_t sha256 = 0x02;
  static constexpr std::uint8_t extended = 0x04;
};

/// The error of a byte from 0x80 on; what the device means is in its text.
Error error_of(std::uint8_t byte);

/// The answer to a challenge: the hash of password, nonce and cnonce, in hexadecimal.
std::string md5_response(std::string_view password, std::string_view nonce,
                         std::string_view cnonce);
std::string sha256_response(std::string_view password, std::string_view nonce,
                            std::string_view cnonce);

}  // namespace aiot::esphome

template <>
struct boost::system::is_error_code_enum<aiot::esphome::Errc> : std::true_type {};
