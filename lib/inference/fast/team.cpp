#include "inference/fast/team.hpp"

namespace aiot::inference::fast {
namespace {

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Looks until `done()`, for so many turns at most; false when it still is not. Between turns the
/// processor is offered to others: the thread that is waited for may be one that wants it.
template <class Done>
bool spin(int turns, const Done& done) {
  constexpr int looks = 250;  // a few microseconds
  for (int turn = 0; turn < turns; ++turn) {
    for (int i = 0; i < looks; ++i) {
      if (done()) return true;
      pause();
    }
    std::this_thread::yield();
  }
  return done();
}

constexpr int turns_of_worker = 20;  // some 50 to 200 us
constexpr std::uint32_t one_round = 2;

}  // namespace

Team::Team(unsigned threads) {
  for (unsigned part = 1; part < threads; ++part) {
    workers_.emplace_back([this, part] { work(part); });
  }
}

Team::~Team() {
  round_.fetch_or(1, std::memory_order_release);
  round_.notify_all();
  for (auto& worker : workers_) worker.join();
}

void Team::start(Call call, const void* context) {
  call_ = call;
  context_ = context;
  working_.store(static_cast<std::uint32_t>(workers_.size()), std::memory_order_relaxed);
  round_.fetch_add(one_round, std::memory_order_release);
  round_.notify_all();  // costs nothing when none sleeps
}

void Team::wait() {
  const auto done = [this] { return working_.load(std::memory_order_acquire) == 0; };
  while (!spin(1, done)) {
  }
}

void Team::work(unsigned part) {
  std::uint32_t seen = 0;
  while (true) {
    const auto more = [&] { return round_.load(std::memory_order_acquire) != seen; };
    if (!spin(turns_of_worker, more)) {
      round_.wait(seen, std::memory_order_acquire);
      continue;
    }
    const auto round = round_.load(std::memory_order_acquire);
    if ((round & 1) != 0) return;
    seen = round;
    call_(context_, part);
    working_.fetch_sub(1, std::memory_order_release);
  }
}

}  // namespace aiot::inference::fast
