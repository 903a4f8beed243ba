#pragma once

#include <chrono>

#include "aiot/ota_image.hpp"
#include "crypto/signing_key.hpp"

namespace aiot::ota {

struct TrustedKey {
  std::string file;
  crypto::PublicKey key;
};
struct TrustedCertificate {
  std::string file;
  std::string pem;
};
/// Whom a user trusts, and when.
struct Trust {
  std::vector<TrustedKey> keys;
  std::vector<TrustedCertificate> certificates;
  std::chrono::sys_seconds now{};
};

/// Reads the keys and certificates of a request. image::Errc::unreadable, errors of keys.
Result<Trust> load_trust(const VerifyRequest& request, std::chrono::sys_seconds now);

/// verify_file() of bytes; `source` stays "".
VerifyResult verify_bytes(ByteSpan file, const Trust& trust);

}  // namespace aiot::ota
