#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "inference/prepare/node.hpp"

namespace aiot::inference {

/// Where each tensor's bytes are, by its index in the model; null for one that nobody made. Each is
/// aligned for its type. What is only read may be a constant.
struct Places {
  std::vector<const std::uint8_t*> read;
  std::vector<std::uint8_t*> write;

  template <class T>
  const T* in(std::int32_t tensor) const {
    return reinterpret_cast<const T*>(tensor < 0 ? nullptr
                                                 : read[static_cast<std::size_t>(tensor)]);
  }
  template <class T>
  T* out(std::int32_t tensor) const {
    return reinterpret_cast<T*>(write[static_cast<std::size_t>(tensor)]);
  }
};

/// One operator on the scalar kernels, as often as it is called.
using Step = std::function<void(const Places&)>;

/// Prepares the operator. Errc::bad_model, unsupported_option, unsupported_operator.
Result<Step> make_step(const Node& node);

}  // namespace aiot::inference
