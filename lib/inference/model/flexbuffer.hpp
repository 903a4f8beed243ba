#pragma once

#include <optional>
#include <string_view>

#include "aiot/bytes.hpp"

/// FlexBuffers (flatbuffers.dev, "FlexBuffers"): the options of operators that the schema does not
/// have. Reading checks every offset.
namespace aiot::inference::flexbuffer {

/// A map whose keys are text. One that is damaged has no values.
class Map {
 public:
  explicit Map(ByteSpan bytes);

  bool is_valid() const { return width_ != 0; }
  /// The number (or truth value) at `key`; nothing when there is none.
  std::optional<double> number(std::string_view key) const;

 private:
  std::optional<std::uint64_t> load(std::size_t position, std::size_t width) const;
  /// Where the offset at `position` leads to, backwards.
  std::optional<std::size_t> follow(std::size_t position, std::size_t width) const;
  bool is_key(std::size_t index, std::string_view key) const;

  ByteSpan bytes_;
  std::size_t values_ = 0, width_ = 0, count_ = 0;
  std::size_t keys_ = 0, key_width_ = 0;
};

}  // namespace aiot::inference::flexbuffer
