#pragma once

#include <string>
#include <string_view>

#include "crypto/curve25519.hpp"
#include "protocol/homekit/tlv.hpp"

/// What controller and accessory compute alike.
namespace aiot::homekit {

/// One end of a pairing: its name and its secret Ed25519 key of 32 bytes.
struct Identity {
  std::string id;
  Bytes secret;
};

/// HKDF-SHA-512 with the salt and info of `label`: "Pair-Setup-Encrypt".
Bytes derive(ByteSpan secret, std::string_view label);

/// A message inside of another one, under the nonce `name`: "PS-Msg05".
Bytes seal(ByteSpan key, std::string_view name, const Tlv& message);
/// provisioning::Errc::protocol_violated when it was not sealed with this key.
Result<Tlv> open(ByteSpan key, std::string_view name, ByteSpan sealed);

/// The signature of `signer` over its own id between what the protocol puts before and after.
crypto::Signature25519 sign(const Identity& signer, ByteSpan before, ByteSpan after);
bool verify(ByteSpan public_key, ByteSpan before, std::string_view id, ByteSpan after,
            ByteSpan signature);

/// The keys of a session, as the controller sees it.
struct SessionKeys {
  Bytes write;  ///< to the accessory
  Bytes read;
};
SessionKeys session_keys(ByteSpan shared_secret);

/// "03145154" and "031-45-154" as the protocol has it: "031-45-154". Nothing when it is not 8
/// digits.
std::optional<std::string> normal_code(std::string_view text);
/// Whether an accessory may have this code, which is in its normal form: no sequence such as
/// 12345678, no digit repeated 8 times (HAP specification, 4.2.1.2).
bool is_allowed_code(std::string_view code);
/// "X-HM://…": what a label has as a QR code. `setup_id` has 4 characters.
std::string setup_uri(std::string_view code, std::uint8_t category, std::string_view setup_id);
/// The attribute `sh` of an accessory that has `setup_id`: Base64.
std::string setup_hash(std::string_view setup_id, std::string_view device_id);

}  // namespace aiot::homekit
