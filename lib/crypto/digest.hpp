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

/// MD5 of data that arrives in pieces.
class Md5Stream {
 public:
  Md5Stream();
  ~Md5Stream();
  Md5Stream(const Md5Stream&) = delete;
  Md5Stream& operator=(const Md5Stream&) = delete;
  void update(ByteSpan data);
  Md5 finish();

 private:
  void* context_;
};

}  // namespace aiot::crypto
