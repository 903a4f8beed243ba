#pragma once

#include <map>

#include "crypto/signing_key.hpp"

/// Private keys that stay on a PKCS#11 token (OASIS PKCS #11 2.40, 3.0 for CKM_EDDSA).
namespace aiot::crypto {

/// The attributes of a PKCS#11 URI (RFC 7512), decoded: path and query alike.
using Pkcs11Uri = std::map<std::string, std::string, std::less<>>;

/// Reads `pkcs11:token=…;object=…?module-path=…`. Known: token, serial, manufacturer, model,
/// object, id, type, slot-id, module-path, pin-source. Errc::bad_uri for another one,
/// and for pin-value: other users of the machine could read the PIN.
Result<Pkcs11Uri> parse_pkcs11_uri(std::string_view uri);

/// Opens the key that `uri` names, through the module of module-path, else of the environment's
/// PKCS11_MODULE_PATH. The PIN is `pin`, else the first line of the file pin-source. Signs with
/// CKM_EDDSA or CKM_ECDSA. Errc::bad_uri and the errors below it.
Result<std::unique_ptr<Signer>> open_pkcs11(const std::string& uri, const std::string& pin);

/// Makes a pair of keys on the token, under the label that `uri` gives as object: the private key
/// never leaves it. Errc::key_exists when the label is taken, and the errors of open_pkcs11().
Result<std::unique_ptr<Signer>> generate_pkcs11(const std::string& uri, KeyType type,
                                                const std::string& pin);

}  // namespace aiot::crypto
