#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

namespace aiot::inference::fast {

/// Zeroed memory on a line of the cache, with room behind it for a vector that begins at the last
/// element.
class Buffer {
 public:
  static constexpr std::size_t alignment = 64;
  static constexpr std::size_t behind = 128;

  Buffer() = default;
  explicit Buffer(std::size_t bytes)
      : bytes_(bytes), data_(static_cast<std::byte*>(::operator new(bytes + behind, align))) {
    std::memset(data_.get(), 0, bytes + behind);
  }

  std::size_t bytes() const { return bytes_; }
  std::byte* data() { return data_.get(); }
  const std::byte* data() const { return data_.get(); }
  template <class T>
  T* as() {
    return reinterpret_cast<T*>(data_.get());
  }
  template <class T>
  const T* as() const {
    return reinterpret_cast<const T*>(data_.get());
  }

 private:
  static constexpr std::align_val_t align{alignment};
  struct Free {
    void operator()(std::byte* p) const { ::operator delete(p, align); }
  };
  std::size_t bytes_ = 0;
  std::unique_ptr<std::byte, Free> data_;
};

}  // namespace aiot::inference::fast
