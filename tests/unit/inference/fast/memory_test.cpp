#include "inference/fast/memory.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <random>
#include <thread>
#include <vector>

namespace aiot::inference::fast {
namespace {

struct Taken {
  std::byte* memory;
  std::size_t bytes;
  std::byte mark;

  bool is_as_left() const {
    return std::all_of(memory, memory + bytes, [this](std::byte b) { return b == mark; });
  }
};

/// Takes and gives back at random, up to pages' size and beyond; false when one was overwritten.
bool take_and_give(unsigned seed) {
  std::mt19937 random(seed);
  std::vector<Taken> all;
  bool good = true;
  for (int step = 0; step < 400; ++step) {
    if (all.size() > 20 || (!all.empty() && random() % 3 == 0)) {
      std::swap(all[random() % all.size()], all.back());
      good = good && all.back().is_as_left();
      give_memory_back(all.back().memory);
      all.pop_back();
      continue;
    }
    const std::size_t most = step % 50 == 0 ? 5'000'000 : 100'000;
    Taken taken{nullptr, random() % most + 1, static_cast<std::byte>(random() % 256)};
    taken.memory = take_memory(taken.bytes);
    good = good && reinterpret_cast<std::uintptr_t>(taken.memory) % memory_alignment == 0;
    std::memset(taken.memory, static_cast<int>(taken.mark), taken.bytes);
    all.push_back(taken);
  }
  for (const auto& taken : all) {
    good = good && taken.is_as_left();
    give_memory_back(taken.memory);
  }
  return good;
}

TEST_CASE("memory that was taken is aligned and its own until it is given back") {
  CHECK(take_and_give(1));
}

TEST_CASE("memory is taken and given back by several threads") {
  std::vector<char> good(4);
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < good.size(); ++i) {
    threads.emplace_back([&good, i] { good[i] = take_and_give(i + 2) ? 1 : 0; });
  }
  for (auto& thread : threads) thread.join();
  CHECK(std::ranges::count(good, 1) == 4);
}

#if !defined(__SANITIZE_ADDRESS__)  // which ends the program instead
TEST_CASE("memory that cannot be had is an exception") {
  CHECK_THROWS_AS(take_memory(SIZE_MAX / 2), std::bad_alloc);
}
#endif

}  // namespace
}  // namespace aiot::inference::fast
