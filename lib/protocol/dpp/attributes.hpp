#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "aiot/bytes.hpp"
#include "aiot/result.hpp"

namespace aiot::dpp {

/// Attribute IDs (Wi-Fi Easy Connect 3.0, table 29).
enum class Id : std::uint16_t {
  status = 0x1000,
  i_bootstrap_hash = 0x1001,
  r_bootstrap_hash = 0x1002,
  i_protocol_key = 0x1003,
  wrapped_data = 0x1004,
  i_nonce = 0x1005,
  i_capabilities = 0x1006,
  r_nonce = 0x1007,
  r_capabilities = 0x1008,
  r_protocol_key = 0x1009,
  i_auth_tag = 0x100A,
  r_auth_tag = 0x100B,
  configuration_object = 0x100C,
  configuration_request = 0x100E,
  enrollee_nonce = 0x1014,
  protocol_version = 0x1019,
  send_connection_status = 0x101B,
  connection_status = 0x101C,
};

/// The values of the Status attribute (table 31), and of a connection's status.
enum class Status : std::uint8_t {
  ok = 0,
  not_compatible = 1,
  authentication_failure = 2,
  unwrap_failure = 3,
  bad_group = 4,
  configure_failure = 5,
  response_pending = 6,
  invalid_connector = 7,
  no_match = 8,
  configuration_rejected = 9,
  no_access_point = 10,
};
/// "status 10 (no access point)".
std::string describe(Status status);

/// A list of attributes: ID and length in two bytes each, little-endian, and the value.
class Attributes {
 public:
  /// provisioning::Errc::protocol_violated when a length does not fit, or something follows Wrapped
  /// Data, which would be unprotected.
  static Result<Attributes> parse(ByteSpan bytes);

  /// The first of that ID.
  std::optional<ByteSpan> find(Id id) const;
  /// The same; protocol_violated when it is missing or, with `length` > 0, has another length.
  Result<ByteSpan> require(Id id, std::size_t length = 0) const;
  /// What stands in front of Wrapped Data: associated data of its seal.
  ByteSpan before_wrapped() const;

 private:
  explicit Attributes(ByteSpan bytes) : bytes_(bytes.begin(), bytes.end()) {}

  Bytes bytes_;
};

/// `value` has at most 65535 bytes.
void append_attribute(Bytes& out, Id id, ByteSpan value);
void append_attribute(Bytes& out, Id id, std::uint8_t value);

/// What a message that breaks the rules becomes.
Error violation(std::string what);

}  // namespace aiot::dpp
