#include "inference/reference/constants.hpp"

#include <cstring>
#include <set>

#include "inference/error.hpp"

namespace aiot::inference {

Result<Constants> Constants::of(const Model& model) {
  Constants result;
  std::set<const std::uint8_t*> counted;
  std::size_t copied_bytes = 0;
  for (const auto& tensor : model.tensors) {
    result.places_.push_back(tensor.is_constant() ? tensor.data.data() : nullptr);
    if (!tensor.is_constant()) continue;
    if (counted.insert(tensor.data.data()).second) result.bytes_ += tensor.data.size();
    const auto unit = size_of(tensor.type);
    if (unit <= 1 || reinterpret_cast<std::uintptr_t>(tensor.data.data()) % unit == 0) continue;
    copied_bytes += tensor.data.size();
    if (copied_bytes > model.file.size()) {
      return make_error(Errc::too_large, "constants that overlap and are not aligned");
    }
    auto& copy = result.copies_.emplace_back((tensor.data.size() + 7) / 8);
    std::memcpy(copy.data(), tensor.data.data(), tensor.data.size());
    result.places_.back() = reinterpret_cast<const std::uint8_t*>(copy.data());
  }
  return result;
}

}  // namespace aiot::inference
