#include "sim/gadget/identity.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "crypto/digest.hpp"

namespace aiot::sim::gadget {

Identity make_identity(unsigned number, const Mac& mac) {
  Identity out;
  const std::string digits = to_hex(mac);
  out.name = fmt::format("Virtual gadget {}", number);
  out.mac = esp::device::format_mac(mac);
  out.host = fmt::format("gadget-{}.local", digits);
  out.serial = digits;
  std::transform(digits.begin(), digits.end(), out.serial.begin(), [](char c) {
    return static_cast<char>(c >= 'a' && c <= 'f' ? c - 'a' + 'A' : c);
  });
  // As a version 1 UUID ends: with the MAC.
  out.udn = fmt::format("uuid:a107c71e-0000-1000-8000-{}", digits);
  for (std::size_t i = 2; i < mac.size(); ++i) out.miio_id = out.miio_id << 8 | mac[i];
  const auto digest = crypto::sha256(as_bytes(out.mac));
  std::copy_n(digest.begin(), out.miio_token.size(), out.miio_token.begin());
  return out;
}

}  // namespace aiot::sim::gadget
