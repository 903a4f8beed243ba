#pragma once

#include <openssl/err.h>

#include <string>

namespace aiot::net {

/// OpenSSL's last words on what failed, and its queue emptied.
inline std::string openssl_reason() {
  std::string out;
  while (const unsigned long code = ERR_get_error()) {  // NOLINT(google-runtime-int): OpenSSL's
    const char* reason = ERR_reason_error_string(code);
    if (reason != nullptr && out.empty()) out = reason;
  }
  return out;
}

}  // namespace aiot::net
