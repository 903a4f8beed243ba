// Bind keys, credentials and what devices ask for: hostile text is refused, and what is taken has its form.
#include <cstdlib>

#include "config/secrets.hpp"

using namespace aiot;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto keys = config::parse_bind_keys(text, "keys")) {
    for (const auto& [mac, key] : *keys) {
      if (key.size() != 16 && key.size() != 12) std::abort();
    }
  }
  if (const auto found = config::parse_credentials(text, "credentials")) {
    if (found->user.empty() || found->password.size() > size) std::abort();
  }
  (void)config::parse_wifi(text, "wifi");
  (void)config::parse_device_secrets(text, "secrets");
  return 0;
}
