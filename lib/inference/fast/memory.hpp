#pragma once

#include <cstddef>
#include <cstring>
#include <memory>

/// Memory for weights and what is computed, side by side in pages of 2 MiB where the kernel has
/// them. What is read in each run then spreads evenly over the sets of the second cache, wherever
/// small pages would lie: a network that just fits in it runs up to a tenth faster, and as fast in
/// each process.
namespace aiot::inference::fast {

/// What all memory is aligned to: a line of the cache.
constexpr std::size_t memory_alignment = 64;

/// `bytes` of memory, to be given back. Not zeroed. Throws std::bad_alloc. Any thread may call it.
std::byte* take_memory(std::size_t bytes);
void give_memory_back(std::byte* memory) noexcept;

/// Zeroed memory on a line of the cache, with room behind it for a vector that begins at the last
/// element.
class Buffer {
 public:
  static constexpr std::size_t alignment = memory_alignment;
  static constexpr std::size_t behind = 128;

  Buffer() = default;
  explicit Buffer(std::size_t bytes) : bytes_(bytes), data_(take_memory(bytes + behind)) {
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
  struct Free {
    void operator()(std::byte* p) const { give_memory_back(p); }
  };
  std::size_t bytes_ = 0;
  std::unique_ptr<std::byte, Free> data_;
};

}  // namespace aiot::inference::fast
