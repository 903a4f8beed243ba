#pragma once

#include <cstddef>

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

}  // namespace aiot::inference::fast
