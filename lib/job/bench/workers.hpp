#pragma once

#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "net/clock.hpp"

namespace aiot::bench {

/// Threads for what takes CPU time, such as a reference inference: on the loop it would stall every
/// other device, and their time-outs with them.
class Workers {
 public:
  /// One for each device, as far as there are CPUs; two at least, so that one device's work does
  /// not stand in another's way.
  explicit Workers(std::size_t devices);
  /// Waits for what is under way; what was not begun is dropped.
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  /// Does `work` beside the loop, and gives what it gives. net::Errc::cancelled: at once; the work
  /// itself goes on, so that it must own what it uses.
  template <class T>
  net::Task<T> run(std::function<Result<T>()> work, net::Clock& clock) {
    auto result = std::make_shared<std::optional<Result<T>>>();
    std::function<void()> job = [result, work = std::move(work)] { result->emplace(work()); };
    Result<void> done = co_await run_job(std::move(job), clock);
    if (!done) co_return std::move(done).error();
    co_return std::move(**result);
  }

 private:
  net::Task<void> run_job(std::function<void()> job, net::Clock& clock);

  net::asio::thread_pool pool_;
};

}  // namespace aiot::bench
