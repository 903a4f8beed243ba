#include "crypto/random.hpp"

#include <openssl/rand.h>

#include <algorithm>

#include "crypto/evp.hpp"

namespace aiot::crypto {

Bytes random_bytes(std::size_t count) {
  Bytes out(count);
  require(RAND_bytes(out.data(), static_cast<int>(count)) == 1);
  return out;
}

std::array<std::uint8_t, 16> random_uuid() {
  const Bytes bytes = random_bytes(16);
  std::array<std::uint8_t, 16> out{};
  std::copy(bytes.begin(), bytes.end(), out.begin());
  out[6] = static_cast<std::uint8_t>((out[6] & 0x0F) | 0x40);
  out[8] = static_cast<std::uint8_t>((out[8] & 0x3F) | 0x80);
  return out;
}

}  // namespace aiot::crypto
