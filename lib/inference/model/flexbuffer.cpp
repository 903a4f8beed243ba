#include "inference/model/flexbuffer.hpp"

#include <bit>
#include <cstring>

namespace aiot::inference::flexbuffer {
namespace {

// Types of values; those from 6 to 8 are behind an offset.
constexpr int integer = 1, unsigned_integer = 2, real = 3, map = 9, boolean = 26;
constexpr int indirect_integer = 6, indirect_real = 8;

double real_of(std::uint64_t bits, std::size_t width) {
  if (width == 4) {
    return static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
  }
  return width == 8 ? std::bit_cast<double>(bits) : 0;
}

double signed_of(std::uint64_t bits, std::size_t width) {
  const auto shift = 64 - 8 * static_cast<int>(width);
  return static_cast<double>(static_cast<std::int64_t>(bits << shift) >> shift);
}

}  // namespace

std::optional<std::uint64_t> Map::load(std::size_t position, std::size_t width) const {
  if (position > bytes_.size() || width > bytes_.size() - position) return std::nullopt;
  std::uint64_t value = 0;
  for (std::size_t i = width; i-- > 0;) value = value << 8 | bytes_[position + i];
  return value;
}

std::optional<std::size_t> Map::follow(std::size_t position, std::size_t width) const {
  const auto offset = load(position, width);
  if (!offset || *offset > position) return std::nullopt;
  return position - static_cast<std::size_t>(*offset);
}

/// At the end: the root, its type, its width. A map is a vector of values with their types behind
/// it; in front of it are where its keys are, how wide those are, and how many values there are.
Map::Map(ByteSpan bytes) : bytes_(bytes) {
  if (bytes.size() < 3) return;
  const std::size_t root_width = bytes.back();
  const auto type = bytes[bytes.size() - 2];
  if (root_width > 8 || root_width + 2 > bytes.size() || type >> 2 != map) return;
  const auto values = follow(bytes.size() - 2 - root_width, root_width);
  const std::size_t width = std::size_t{1} << (type & 3);
  if (!values || *values < 3 * width) return;
  const auto keys = follow(*values - 3 * width, width);
  const auto key_width = load(*values - 2 * width, width);
  const auto count = load(*values - width, width);
  if (!keys || !key_width || !count || *key_width < 1 || *key_width > 8) return;
  if (*count > bytes.size() / (width + 1)) return;
  values_ = *values;
  count_ = static_cast<std::size_t>(*count);
  keys_ = *keys;
  key_width_ = static_cast<std::size_t>(*key_width);
  width_ = width;
}

bool Map::is_key(std::size_t index, std::string_view key) const {
  const auto at = follow(keys_ + index * key_width_, key_width_);
  if (!at || *at > bytes_.size() || key.size() >= bytes_.size() - *at) return false;
  return std::memcmp(bytes_.data() + *at, key.data(), key.size()) == 0 &&
         bytes_[*at + key.size()] == 0;
}

std::optional<double> Map::number(std::string_view key) const {
  for (std::size_t i = 0; i < count_; ++i) {
    if (!is_key(i, key)) continue;
    const auto type = load(values_ + count_ * width_ + i, 1);
    if (!type) return std::nullopt;
    auto kind = static_cast<int>(*type >> 2);
    auto at = values_ + i * width_;
    auto width = width_;
    if (kind >= indirect_integer && kind <= indirect_real) {
      const auto place = follow(at, width);
      if (!place) return std::nullopt;
      at = *place;
      width = std::size_t{1} << (*type & 3);
      kind -= indirect_integer - integer;
    }
    const auto bits = load(at, width);
    if (!bits) return std::nullopt;
    switch (kind) {
      case integer: return signed_of(*bits, width);
      case unsigned_integer: return static_cast<double>(*bits);
      case real: return real_of(*bits, width);
      case boolean: return *bits != 0 ? 1 : 0;
      default: return std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace aiot::inference::flexbuffer
