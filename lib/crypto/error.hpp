#pragma once

#include "aiot/error.hpp"
#include "aiot/result.hpp"

namespace aiot::crypto {

/// What can be wrong with a signing key, its file, or the token that holds it, and with what is
/// signed.
enum class Errc {
  unreadable = 1,      ///< the key file cannot be opened or read
  readable_by_others,  ///< the key file is not its owner's alone
  bad_key,             ///< not a key in PEM or DER
  unsupported_key,     ///< neither Ed25519 nor ECDSA P-256
  needs_passphrase,    ///< the key is encrypted, and no passphrase was given
  wrong_passphrase,    ///< the passphrase does not decrypt the key
  key_exists,          ///< the file that a new key would be written to exists
  unwritable,          ///< the key file cannot be written
  bad_uri,             ///< not a PKCS#11 URI (RFC 7512), or one with a secret in it
  no_pkcs11_module,    ///< the PKCS#11 module is not named, or cannot be opened
  no_token,            ///< no token, or several, match the URI
  no_key,              ///< no key, or several, on the token match the URI
  needs_pin,           ///< the token wants a PIN, and none was given
  wrong_pin,           ///< the token refuses the PIN
  token_failed,        ///< the token refused another operation
  bad_cms,             ///< not a signed message of CMS
  bad_cms_signature,   ///< a signature of the message is not over this content
  untrusted_signer,    ///< no trusted certificate vouches for a signer, or one has expired
  bad_certificate,     ///< no certificate in PEM
};
boost::system::error_code make_error_code(Errc e) noexcept;

}  // namespace aiot::crypto

template <>
struct boost::system::is_error_code_enum<aiot::crypto::Errc> : std::true_type {};
