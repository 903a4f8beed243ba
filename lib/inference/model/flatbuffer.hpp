#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "aiot/bytes.hpp"
#include "inference/error.hpp"

/// FlatBuffers (flatbuffers.dev, "Internals"): tables, vectors and strings. Reading checks every
/// offset against the file and takes no alignment for granted.
namespace aiot::inference::flatbuffer {

class Table;

/// The bytes, and the first thing found wrong with them. After that every read gives nothing, so
/// that a decoder may read a whole table and look at failed() once.
class Document {
 public:
  explicit Document(ByteSpan bytes) : bytes_(bytes) {}

  ByteSpan bytes() const { return bytes_; }
  /// The table that the first four bytes lead to.
  Table root();
  bool failed() const { return error_.has_value(); }
  /// Only after failed(): the error with the path to where it was found.
  Error error() const { return *error_; }
  void fail(Errc code, std::string where);

  /// The value at `position`; 0 and a failure when it is not wholly in the file.
  template <class T>
  T load(std::size_t position) {
    T value{};
    if (!holds(position, sizeof(T))) return value;
    if (!bytes_.empty()) std::memcpy(&value, bytes_.data() + position, sizeof(T));
    return value;
  }
  /// True when `size` bytes from `position` are in the file; else a failure.
  bool holds(std::size_t position, std::size_t size);
  /// Where the unsigned offset at `position` leads to; 0 after a failure.
  std::size_t follow(std::size_t position);

  /// Counts `values` that were copied out of the file. Vectors may overlap, so a small file can
  /// hold far more than its size: beyond most_decoded_values it is refused.
  bool spend(std::size_t values);

 private:
  ByteSpan bytes_;
  std::optional<Error> error_;
  std::size_t spent_ = 0;
};
constexpr std::size_t most_decoded_values = 16U << 20;

/// A vector of tables; empty when the field is absent.
class Tables {
 public:
  Tables() = default;
  Tables(Document* document, std::size_t first, std::size_t size)
      : document_(document), first_(first), size_(size) {}
  std::size_t size() const { return size_; }
  /// Table `index` < size().
  Table at(std::size_t index) const;

 private:
  Document* document_ = nullptr;
  std::size_t first_ = 0;
  std::size_t size_ = 0;
};

/// A table; one that is absent has no fields.
class Table {
 public:
  Table() = default;
  Table(Document* document, std::size_t position);

  explicit operator bool() const { return document_ != nullptr; }

  /// Field `index` in the order of the schema (a union takes two), or `otherwise` when it is
  /// absent.
  template <class T>
  T scalar(int index, T otherwise) const {
    const auto at = field(index);
    if (at == 0) return otherwise;
    return document_->load<T>(at);
  }
  Table table(int index) const;
  Tables tables(int index) const;
  /// A copy; Errc::too_large beyond `most` values.
  template <class T>
  std::vector<T> vector(int index, std::size_t most) const {
    static_assert(std::is_trivially_copyable_v<T>);
    std::vector<T> values;
    const auto [first, size] = elements(index, sizeof(T));
    if (size > most) {
      document_->fail(Errc::too_large, "a vector");
    } else if (size != 0 && document_->spend(size)) {
      values.resize(size);
      std::memcpy(values.data(), document_->bytes().data() + first, size * sizeof(T));
    }
    return values;
  }
  /// A view of the file.
  ByteSpan bytes(int index) const;
  /// At most `most` bytes of it.
  std::string string(int index, std::size_t most) const;

 private:
  struct Elements {
    std::size_t first = 0;
    std::size_t size = 0;
  };
  /// Where the field's value is; 0 when it is absent.
  std::size_t field(int index) const;
  Elements elements(int index, std::size_t element_bytes) const;

  Document* document_ = nullptr;
  std::size_t position_ = 0;
  std::size_t vtable_ = 0;
  std::size_t vtable_bytes_ = 0;
};

// Writing, from front to back: what an offset leads to comes after the offset.

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
