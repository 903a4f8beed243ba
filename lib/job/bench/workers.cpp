#include "job/bench/workers.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <mutex>
#include <thread>

namespace aiot::bench {
namespace asio = net::asio;
namespace {

/// What a worker and the coroutine that waits for it share.
struct Job {
  std::mutex mutex;
  bool done = false;                         // guarded by mutex
  std::shared_ptr<asio::steady_timer> wake;  // guarded by mutex; nullptr: nobody waits any more
};

/// Takes the waiter away however its coroutine ends: its loop may end right after, and the worker
/// must not post to that any more.
class Waiting {
 public:
  explicit Waiting(std::shared_ptr<Job> job) : job_(std::move(job)) {}
  ~Waiting() {
    const std::lock_guard lock(job_->mutex);
    job_->wake.reset();
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

 private:
  std::shared_ptr<Job> job_;
};

std::size_t threads_for(std::size_t devices) {
  const std::size_t most = std::max<std::size_t>(2, std::thread::hardware_concurrency());
  return std::clamp<std::size_t>(devices, 1, most);
}

}  // namespace

Workers::Workers(std::size_t devices) : pool_(threads_for(devices)) {}

Workers::~Workers() {
  pool_.stop();
  pool_.join();
}

net::Task<void> Workers::run_job(std::function<void()> job, net::Clock& clock) {
  // Virtual time must not run on while a real thread works.
  const std::shared_ptr<void> hold = clock.hold();
  auto timer = std::make_shared<asio::steady_timer>(co_await asio::this_coro::executor,
                                                    asio::steady_timer::time_point::max());
  const auto shared = std::make_shared<Job>();
  shared->wake = timer;
  const Waiting waiting(shared);
  asio::post(pool_, [job = std::move(job), shared] {
    job();
    const std::lock_guard lock(shared->mutex);
    shared->done = true;
    if (!shared->wake) return;
    // The timer belongs to the loop's thread: wake it there.
    asio::post(shared->wake->get_executor(), [timer = shared->wake] { timer->cancel(); });
  });
  for (;;) {
    {
      const std::lock_guard lock(shared->mutex);
      if (shared->done) co_return Result<void>();
    }
    auto [error] = co_await timer->async_wait(asio::as_tuple(asio::use_awaitable));
    static_cast<void>(error);  // always aborted: by the worker, or because the session is stopped
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) {
      co_return make_error(net::Errc::cancelled, "the reference inference");
    }
  }
}

}  // namespace aiot::bench
