#include "inference/peak.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "inference/peak/loops.hpp"

namespace aiot::inference {
namespace {

using Clock = std::chrono::steady_clock;

const peak::Loops& loops_of(Isa isa) {
  switch (isa) {
#if defined(__x86_64__)
    case Isa::avx2: return peak::avx2_loops;
    case Isa::avx_vnni: return peak::avx_vnni_loops;
    case Isa::avx512_vnni: return peak::avx512_vnni_loops;
#elif defined(__aarch64__)
    case Isa::neon: return peak::neon_loops;
    case Isa::neon_dot: return peak::neon_dot_loops;
#endif
    default: return peak::scalar_loops;
  }
}

/// The best of what pieces of work come to a second, for as long as `duration`.
template <class Piece>
double best_rate(std::chrono::nanoseconds duration, double work, const Piece& piece) {
  double best = 0;
  const auto end = Clock::now() + duration;
  do {
    const auto before = Clock::now();
    piece();
    const double took = std::chrono::duration<double>(Clock::now() - before).count();
    if (took > 0) best = std::max(best, work / took);
  } while (Clock::now() < end);
  return best;
}

double read_rate(std::chrono::nanoseconds duration) {
  constexpr std::size_t bytes = 64U << 20;
  constexpr std::size_t piece_words = (4U << 20) / sizeof(std::uint64_t);
  const std::vector<std::uint64_t> words(bytes / sizeof(std::uint64_t), 1);
  std::size_t at = 0;
  std::uint64_t sum = 0;
  const double rate = best_rate(duration, double{piece_words} * sizeof(std::uint64_t), [&] {
    // Several sums: one would be limited by the latency of its additions.
    std::array<std::uint64_t, 8> parts{};
    for (std::size_t i = 0; i < piece_words; i += parts.size()) {
      for (std::size_t k = 0; k < parts.size(); ++k) parts[k] += words[at + i + k];
    }
    for (const std::uint64_t part : parts) sum += part;
    // The next piece: this one is in the cache now.
    at = (at + piece_words) % words.size();
  });
  AIOT_KEEP_GENERAL(sum);
  return rate;
}

}  // namespace

Peak measure_peak(Isa isa, std::chrono::nanoseconds duration) {
  const peak::Loops& loops = loops_of(isa);
  Peak peak;
  peak.int8_macs_per_s = best_rate(duration / 3, loops.int8.macs, loops.int8.run);
  peak.float_macs_per_s = best_rate(duration / 3, loops.floats.macs, loops.floats.run);
  peak.bytes_per_s = read_rate(duration / 3);
  return peak;
}

}  // namespace aiot::inference
