#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "aiot/result.hpp"

namespace aiot::net {

/// A certificate that its own key has signed, and that key; both PEM.
struct SelfSigned {
  std::string certificate;
  std::string key;
};

/// Makes one (ECDSA on P-256) for a server of these names: DNS names and IP addresses. Clients pin
/// it, so it lasts 10 years.
Result<SelfSigned> make_self_signed(const std::vector<std::string>& names);

/// Errc::bad_certificate for a named pipe: OpenSSL would wait for a writer, and no signal ends that.
/// "" is no file.
Result<void> check_pem_file(const std::string& path);
/// Whether `name` may be in a certificate: a DNS name, of which the first part may be *, or an IP
/// address.
bool is_host(std::string_view name);
/// Whether the first certificate in a PEM file is for `name`. Errc::bad_certificate.
Result<bool> is_certificate_for(const std::string& certificate_file, const std::string& name);

/// By which a client can pin a certificate.
struct Pins {
  std::string certificate_sha256;  ///< of its DER: hexadecimal, as `openssl x509 -fingerprint`
  std::string key_sha256;          ///< of its public key: "sha256//BASE64", as curl wants it
  std::string expires;             ///< ISO 8601, UTC
};
/// Of the first certificate in a PEM file. Errc::bad_certificate.
Result<Pins> pins_of(const std::string& certificate_file);

}  // namespace aiot::net
