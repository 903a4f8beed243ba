#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <type_traits>
#include <vector>

namespace aiot::inference::fast {

/// Some threads that do parts of one thing together. Between two things of a run there is less time
/// than the system takes to wake a thread, so those that wait spin for a moment before they sleep.
class Team {
 public:
  /// `threads` with the caller, 1 or more.
  explicit Team(unsigned threads);
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  unsigned size() const { return static_cast<unsigned>(workers_.size()) + 1; }

  /// Calls `what(part)` for 0 to size() - 1, one on each thread, and returns when all are done.
  /// Nothing of it may throw.
  template <class What>
  void run(const What& what) {
    if (workers_.empty()) return what(0U);
    start([](const void* context, unsigned part) { (*static_cast<const What*>(context))(part); },
          &what);
    what(0U);
    wait();
  }

 private:
  using Call = void (*)(const void* context, unsigned part);
  void start(Call call, const void* context);
  void wait();
  void work(unsigned part);

  // What a worker needs to start is in one line of the cache, what it tells in another.
  alignas(64) std::atomic<std::uint32_t> round_{0};  ///< of start(); odd ends the workers
  Call call_ = nullptr;
  const void* context_ = nullptr;
  alignas(64) std::atomic<std::uint32_t> working_{0};  ///< workers that are not done
  std::vector<std::thread> workers_;
};

}  // namespace aiot::inference::fast
