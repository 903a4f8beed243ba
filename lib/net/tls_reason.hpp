#pragma once

#include <openssl/err.h>

#include <cstring>
#include <string>

namespace aiot::net {

/// OpenSSL's last words on what failed, and its queue emptied.
inline std::string openssl_reason() {
  std::string out;
  while (const unsigned long code = ERR_get_error()) {  // NOLINT(google-runtime-int): OpenSSL's
    const char* reason = ERR_reason_error_string(code);
    if (!out.empty()) continue;
    if (ERR_SYSTEM_ERROR(code)) {
      out = std::strerror(ERR_GET_REASON(code));
    } else if (reason != nullptr) {
      out = reason;
    }
  }
  return out;
}

}  // namespace aiot::net
