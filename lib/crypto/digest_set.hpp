#pragma once

#include <array>

#include "crypto/digest.hpp"

namespace aiot::crypto {

/// SHA-256, and beside it SHA-1 and MD5, which old protocols still name: no security rests on them.
class DigestSet {
 public:
  struct Values {
    Sha256 sha256{};
    std::array<std::uint8_t, 20> sha1{};
    Md5 md5{};
  };

  DigestSet();
  DigestSet(const DigestSet&) = delete;
  DigestSet& operator=(const DigestSet&) = delete;
  ~DigestSet();
  void update(ByteSpan data);
  Values finish();

 private:
  std::array<void*, 3> contexts_{};
};

}  // namespace aiot::crypto
