#include "inference/fast/memory.hpp"

#include <sys/mman.h>

#include <cstdint>
#include <mutex>
#include <new>

namespace aiot::inference::fast {

#if defined(__SANITIZE_ADDRESS__)

// One by one, so that what is written beside one of them is found.
std::byte* take_memory(std::size_t bytes) {
  return static_cast<std::byte*>(::operator new (bytes, std::align_val_t{memory_alignment}));
}
void give_memory_back(std::byte* memory) noexcept {
  ::operator delete (memory, std::align_val_t{memory_alignment});
}

#else

namespace {

constexpr std::size_t page = std::size_t{2} << 20;

std::size_t rounded(std::size_t bytes, std::size_t to) { return (bytes + to - 1) / to * to; }

/// At the start of whole pages, which begin where an address has their size's bits all 0. All that
/// is taken from a slab begins in its first page, so that it can be found again.
struct Slab {
  std::size_t bytes;
  std::size_t used;
  std::size_t taken;  ///< how many have not been given back

  static constexpr std::size_t first = memory_alignment;

  static Slab* of(std::byte* memory) {
    return reinterpret_cast<Slab*>(reinterpret_cast<std::uintptr_t>(memory) & ~(page - 1));
  }
  static Slab* make(std::size_t room) {
    const auto bytes = rounded(first + room, page);
    void* all =
        mmap(nullptr, bytes + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED) throw std::bad_alloc();
    auto* begin = static_cast<std::byte*>(all);
    const auto before = rounded(reinterpret_cast<std::uintptr_t>(begin), page) -
                        reinterpret_cast<std::uintptr_t>(begin);
    if (before > 0) munmap(begin, before);
    munmap(begin + before + bytes, page - before);
    madvise(begin + before, bytes, MADV_HUGEPAGE);  // a wish: small pages do as well
    return new (begin + before) Slab{bytes, first, 0};
  }
  /// Null where there is no room.
  std::byte* take(std::size_t wanted) {
    if (used >= page || wanted > bytes - used) return nullptr;
    auto* memory = reinterpret_cast<std::byte*>(this) + used;
    used += wanted;
    ++taken;
    return memory;
  }
};
static_assert(sizeof(Slab) <= Slab::first);

std::mutex mutex;
Slab* newest = nullptr;  // the only one that still gives

}  // namespace

std::byte* take_memory(std::size_t bytes) {
  const auto wanted = rounded(bytes, memory_alignment);
  if (wanted < bytes || wanted > SIZE_MAX - 4 * page) throw std::bad_alloc();
  const std::lock_guard lock(mutex);
  if (newest != nullptr) {
    if (auto* memory = newest->take(wanted)) return memory;
  }
  newest = Slab::make(wanted);
  return newest->take(wanted);
}

void give_memory_back(std::byte* memory) noexcept {
  if (memory == nullptr) return;
  const std::lock_guard lock(mutex);
  auto* slab = Slab::of(memory);
  if (--slab->taken > 0) return;
  if (slab == newest) newest = nullptr;
  munmap(slab, slab->bytes);
}

#endif

}  // namespace aiot::inference::fast
