#pragma once

#include <array>
#include <memory>

#include "aiot/bytes.hpp"

namespace aiot::crypto {

using Md5 = std::array<std::uint8_t, 16>;
using Sha256 = std::array<std::uint8_t, 32>;

/// MD5 of `data`: what the ESP loaders compare by. Not a security measure.
Md5 md5(ByteSpan data);
Sha256 sha256(ByteSpan data);

/// The digest of data that arrives in pieces: of Md5, Sha256.
template <class Digest>
class DigestStream {
 public:
  DigestStream();
  ~DigestStream();
  DigestStream(const DigestStream&) = delete;
  DigestStream& operator=(const DigestStream&) = delete;
  void update(ByteSpan data);
  Digest finish();

 private:
  void* context_;
};
using Md5Stream = DigestStream<Md5>;
using Sha256Stream = DigestStream<Sha256>;

}  // namespace aiot::crypto
