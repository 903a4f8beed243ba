#include "crypto/error.hpp"

namespace aiot::crypto {
namespace {

constexpr ErrorRow key_error_rows[] = {
    {Errc::unreadable, "key.unreadable", "the key file cannot be read", Condition::invalid_input},
    {Errc::readable_by_others, "key.readable_by_others",
     "other users may read or write the key file", Condition::refused_security},
    {Errc::bad_key, "key.format", "not a key in PEM", Condition::invalid_input},
    {Errc::unsupported_key, "key.type", "the key is neither Ed25519 nor ECDSA P-256",
     Condition::invalid_input},
    {Errc::needs_passphrase, "key.needs_passphrase",
     "the key is encrypted, and no passphrase is given", Condition::refused_security},
    {Errc::wrong_passphrase, "key.passphrase", "the passphrase does not decrypt the key",
     Condition::refused_security},
    {Errc::key_exists, "key.exists", "the file exists, and a key is never overwritten",
     Condition::usage},
    {Errc::unwritable, "key.unwritable", "the key file cannot be written", Condition::resource},
    {Errc::bad_uri, "pkcs11.uri", "not a PKCS#11 URI that names a key", Condition::usage},
    {Errc::no_pkcs11_module, "pkcs11.module", "the PKCS#11 module is not available",
     Condition::resource},
    {Errc::no_token, "pkcs11.token", "not one token matches the URI", Condition::resource},
    {Errc::no_key, "pkcs11.key", "not one key on the token matches the URI", Condition::resource},
    {Errc::needs_pin, "pkcs11.needs_pin", "the token needs a PIN, and none is given",
     Condition::refused_security},
    {Errc::wrong_pin, "pkcs11.pin", "the token refuses the PIN", Condition::refused_security},
    {Errc::token_failed, "pkcs11.failed", "the token refuses the operation", Condition::resource},
    {Errc::bad_cms, "cms.format", "not a message that CMS signs", Condition::invalid_input},
    {Errc::bad_cms_signature, "cms.signature", "the signature is wrong",
     Condition::refused_security},
    {Errc::untrusted_signer, "cms.signer", "the signer is not trusted",
     Condition::refused_security},
    {Errc::bad_certificate, "cms.certificate", "no certificate in PEM", Condition::invalid_input},
};
const ErrorTable key_error_table("crypto", key_error_rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept {
  return {static_cast<int>(e), key_error_table};
}

}  // namespace aiot::crypto
