#pragma once

#include <optional>
#include <string_view>

#include "aiot/bytes.hpp"

/// SRP-6a (RFC 5054, RFC 2945) with the group of 3072 bits, generator 5 and SHA-512: both ends
/// prove to each other that they know a password, and share a key afterwards. An eavesdropper
/// or an impostor learns nothing about the password.
namespace aiot::crypto {

inline constexpr std::size_t srp_bytes = 384;       ///< of the prime
inline constexpr std::size_t srp_proof_bytes = 64;  ///< of a proof, and of the shared key

/// The two protocols here differ in where they pad numbers to the prime's length.
enum class SrpRules {
  esp,      ///< Espressif's protocomm: the device's key and the shared secret without leading zeros
  homekit,  ///< HomeKit: both padded; the generator in a proof is not
};

/// How the verifier hashes the salt and the hash of name and password: as they are, or as numbers,
/// which lose their leading zeros. Espressif's esp_prov tool makes verifiers of the second form.
enum class SrpVerifierForm { bytes, numbers };

struct SrpShared {
  Bytes key;
  Bytes client_proof;  ///< M1
  Bytes server_proof;  ///< M2
};

/// The side that knows the password. `secret` is 32 or more random bytes, of one session.
class SrpClient {
 public:
  SrpClient(SrpRules rules, ByteSpan secret);

  /// A, padded.
  const Bytes& public_key() const { return public_key_; }
  /// From what the device answered. Nothing when its key is no number of the group, or zero: no
  /// honest device sends it.
  std::optional<SrpShared> share(std::string_view username, std::string_view password,
                                 ByteSpan salt, ByteSpan server_key,
                                 SrpVerifierForm form = SrpVerifierForm::bytes) const;

 private:
  SrpRules rules_;
  Bytes secret_;
  Bytes public_key_;
};

/// The side that stores a verifier in place of the password.
class SrpServer {
 public:
  SrpServer(SrpRules rules, std::string_view username, ByteSpan salt, ByteSpan verifier,
            ByteSpan secret);

  /// B, as `rules` send it.
  const Bytes& public_key() const { return public_key_; }
  /// What an honest client of `client_key` proves. Nothing for a key that none has.
  std::optional<SrpShared> share(ByteSpan client_key) const;

 private:
  SrpRules rules_;
  Bytes username_;
  Bytes salt_;
  Bytes verifier_;
  Bytes secret_;
  Bytes public_key_;
};

/// What the device stores.
Bytes srp_verifier(std::string_view username, std::string_view password, ByteSpan salt,
                   SrpVerifierForm form = SrpVerifierForm::bytes);

/// Whether both are the same, in a time that does not depend on where they differ.
bool is_same_proof(ByteSpan a, ByteSpan b);

}  // namespace aiot::crypto
