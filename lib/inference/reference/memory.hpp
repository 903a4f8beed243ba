#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "aiot/result.hpp"
#include "inference/model/model.hpp"

/// Where a model's tensors are when it runs.
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

/// Something in memory, from the step that makes it to the last that reads it.
struct Life {
  std::size_t index = 0;  ///< for the caller
  std::size_t bytes = 0;  ///< rounded up to the alignment
  std::size_t first = 0, last = 0;
  std::size_t offset = 0;  ///< set by place()

  bool meets(const Life& other) const { return first <= other.last && other.first <= last; }
};

/// Sorts and places them, such that those that meet are apart: the largest first, each in the
/// lowest gap (as TensorFlow Lite Micro's planner does it). The bytes of all. Errc::too_large
/// beyond 1 GiB.
Result<std::size_t> place(std::vector<Life>& lives);

/// Where each computed tensor lies in one block of memory, as place() places it.
struct Arena {
  static constexpr std::size_t none = static_cast<std::size_t>(-1);
  std::vector<std::size_t>
      offsets;  ///< by tensor; `none` for constants and tensors that no operator makes
  std::size_t bytes = 0;
};

/// What the portable kernels' arenas are made of.
constexpr std::size_t arena_alignment = 16;
struct alignas(arena_alignment) Block {
  std::uint8_t bytes[arena_alignment];
};

/// Offsets are multiples of `alignment` (a power of two). Inputs of the model live all the time,
/// its outputs from when they are made to the end. Errc::too_large beyond 1 GiB.
Result<Arena> plan_arena(const Model& model, std::size_t alignment);

/// A model's variables, as the last run left them.
class Variables {
 public:
  explicit Variables(const Model& model);
  std::uint8_t* at(std::size_t variable) { return values_[variable].data(); }
  /// As before the first run.
  void reset();
  std::size_t bytes() const;

  /// False when WHILE has gone round too often in this run: it might never end.
  bool may_repeat() {
    if (++rounds_ <= most_rounds) return true;
    fail("WHILE goes round more than 1048576 times");
    return false;
  }
  /// An operator gives up; the first one of a run counts. `problem` is a constant.
  void fail(std::string_view problem) {
    if (problem_.empty()) problem_ = problem;
  }
  /// What went wrong in this run, empty when nothing did; the next one begins.
  std::string_view end_run() {
    rounds_ = 0;
    return std::exchange(problem_, {});
  }

 private:
  static constexpr std::uint64_t most_rounds = 1U << 20;
  std::uint64_t rounds_ = 0;
  std::string_view problem_;
  const Model& model_;
  std::vector<std::vector<std::uint8_t>> values_;
};

/// Where each tensor's bytes are, by its index in the model; null for one that no operator makes.
/// Each is aligned for its type. What is only read may be a constant.
struct Places {
  std::vector<const std::uint8_t*> read;
  std::vector<std::uint8_t*> write;
  Variables* variables = nullptr;

  Places() = default;
  /// Constants where they are, what is computed in `memory` of arena.bytes.
  Places(const Constants& constants, const Arena& arena, std::uint8_t* memory);

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

}  // namespace aiot::inference
