#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "aiot/bytes.hpp"

/// Writing FlatBuffers (flatbuffers.dev, "Internals") from front to back: what is pointed to comes
/// after what points to it.
namespace aiot::inference::flatbuffer {

/// A field of a table. An offset is 4 bytes, and is set by Writer::point().
struct Field {
  int index = 0;           ///< in the order of the schema
  std::size_t size = 0;    ///< 1, 2, 4 or 8 bytes; 0: left out
  std::uint64_t bits = 0;  ///< the value's bytes, little-endian

  template <class T>
  static Field scalar(int index, T value) {
    Field field{index, sizeof(T), 0};
    std::memcpy(&field.bits, &value, sizeof(T));
    return field;
  }
  static Field offset(int index) { return {index, 4, 0}; }
};

class Writer {
 public:
  /// Begins with a root offset and a file identifier of four characters.
  explicit Writer(std::string_view identifier);

  /// A table with its vtable.
  struct Written {
    std::size_t position = 0;
    std::vector<std::size_t> fields;  ///< where each of the fields given lies
  };
  Written table(const std::vector<Field>& fields);

  /// The offset at `from` (0: the root) leads to `to`, which lies behind it.
  void point(std::size_t from, std::size_t to);

  /// Each of these returns its position.
  template <class T>
  std::size_t vector(const std::vector<T>& values) {
    return vector_bytes(
        {reinterpret_cast<const std::uint8_t*>(values.data()), values.size() * sizeof(T)},
        values.size(), sizeof(T));
  }
  std::size_t bytes(ByteSpan values) { return vector_bytes(values, values.size(), 16); }
  std::size_t string(std::string_view text);
  /// A vector of `count` offsets; that of element i is at the position + 4 + 4 * i.
  std::size_t offsets(std::size_t count);

  Bytes take() && { return std::move(out_); }

 private:
  void align(std::size_t alignment, std::size_t ahead = 0);
  std::size_t vector_bytes(ByteSpan values, std::size_t count, std::size_t alignment);

  Bytes out_;
};

}  // namespace aiot::inference::flatbuffer
