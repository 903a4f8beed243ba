/// Counts what apply_delta() allocates, in all libraries: malloc and its relatives of this program
/// come before those of the C library.
#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>

#include "delta_sample.hpp"
#include "image/delta.hpp"
#include "image/delta_coding.hpp"
#include "image/delta_format.hpp"

namespace {

std::atomic<std::size_t> in_use{0}, peak{0};

void* counted(void* block) {
  if (block == nullptr) return block;
  const auto now = in_use += ::malloc_usable_size(block);
  auto most = peak.load();
  while (now > most && !peak.compare_exchange_weak(most, now)) {
  }
  return block;
}
void uncounted(void* block) {
  if (block != nullptr) in_use -= ::malloc_usable_size(block);
}

}  // namespace

// glibc's own names of its functions.
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);

void* malloc(std::size_t size) { return counted(__libc_malloc(size)); }
void* calloc(std::size_t count, std::size_t size) { return counted(__libc_calloc(count, size)); }
void* realloc(void* block, std::size_t size) {
  uncounted(block);
  return counted(__libc_realloc(block, size));
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
  return counted(__libc_memalign(alignment, size));
}
void free(void* block) {
  uncounted(block);
  __libc_free(block);
}
}

namespace {

using namespace aiot;
using namespace aiot::image;

class Null final : public ByteSink {
 public:
  Result<void> write(ByteSpan) override { return {}; }
};

bool check(const char* name, ByteSpan source, ByteSpan delta, bool valid) {
  MemorySource from(delta), old(source);
  Null sink;
  const auto before = in_use.load();
  peak = before;
  const auto result = apply_delta(from, old, sink);
  const auto used = peak.load() - before;
  std::printf("%-28s delta %8zu B, applying takes %8zu B\n", name, delta.size(), used);
  if (result ? !valid : valid || result.error().code != Errc::bad_hash) {
    std::printf("FAILED: %s\n", result ? "it was accepted" : result.error().message().c_str());
    return false;
  }
  if (used > delta_memory_bytes) std::printf("FAILED: more than %zu B\n", delta_memory_bytes);
  return used <= delta_memory_bytes;
}

/// As many copies as there may be, and dictionaries as large as they may be; the result's hash is
/// wrong, which shows at the end.
Bytes largest(ByteSpan source) {
  constexpr std::uint32_t length = 16;
  constexpr std::uint32_t bytes = delta_limits::copies * length;
  DeltaControl control;
  for (std::uint32_t i = 0; i < delta_limits::copies; ++i)
    control.copies.push_back({i * length, i * length, length});
  DeltaHeader header;
  header.info = {DeltaCode::arm_thumb, source.size(), 2 * bytes, crypto::sha256(source), {}};
  header.primer_bytes = delta_limits::primer_bytes;
  Bytes packed;
  const auto pack = [&](DeltaStream stream, ByteSpan data, ByteSpan primer) {
    const auto one = pack_stream(stream, data, primer);
    header[stream] = one.info;
    append(packed, one.data);
  };
  pack(DeltaStream::control, encode(control), {});
  pack(DeltaStream::gaps, Bytes(bytes), {});
  pack(DeltaStream::changes, Bytes(bytes, 1), {});
  pack(DeltaStream::added, Bytes(bytes, 2), source.first(delta_limits::primer_bytes));
  auto out = encode(header);
  append(out, packed);
  return out;
}

}  // namespace

int main() {
  const auto [old, result] = test::moved_code(DeltaCode::arm_thumb, 2U << 20);
  const auto unlike = test::random_bytes(2U << 20, 42);
  bool ok = check("2 MiB of moved code", old, make_delta(old, result)->file, true);
  ok = check("2 MiB of something else", old, make_delta(old, unlike)->file, true) && ok;
  ok = check("the limits of the format", old, largest(old), false) && ok;
  return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
