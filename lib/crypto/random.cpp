#include "crypto/random.hpp"

#include <openssl/rand.h>

#include "crypto/evp.hpp"

namespace aiot::crypto {

Bytes random_bytes(std::size_t count) {
  Bytes out(count);
  require(RAND_bytes(out.data(), static_cast<int>(count)) == 1);
  return out;
}

}  // namespace aiot::crypto
