#pragma once

#include <cstddef>
#include <vector>

#include "aiot/result.hpp"
#include "inference/model/model.hpp"

namespace aiot::inference {

/// A model's constants, each aligned for its type: those that are not in the file are copied once.
class Constants {
 public:
  /// Errc::too_large when the copies are larger than the file (constants that overlap).
  static Result<Constants> of(const Model& model);

  /// By tensor; null for what is computed.
  const std::vector<const std::uint8_t*>& places() const { return places_; }
  /// Of all constants, each once.
  std::size_t bytes() const { return bytes_; }

 private:
  std::vector<const std::uint8_t*> places_;
  std::vector<std::vector<std::uint64_t>> copies_;
  std::size_t bytes_ = 0;
};

}  // namespace aiot::inference
