#include "job/flash/compressor.hpp"

#include <libdeflate.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <mutex>
#include <new>
#include <vector>

namespace aiot::flash {
namespace asio = net::asio;
namespace {

constexpr int level = 12;

struct FreeCompressor {
  void operator()(libdeflate_compressor* c) const { libdeflate_free_compressor(c); }
};

}  // namespace

Bytes compress_now(ByteSpan data) {
  const std::unique_ptr<libdeflate_compressor, FreeCompressor> compressor(
      libdeflate_alloc_compressor(level));
  if (!compressor) throw std::bad_alloc();
  Bytes out(libdeflate_zlib_compress_bound(compressor.get(), data.size()));
  const std::size_t size =
      libdeflate_zlib_compress(compressor.get(), data.data(), data.size(), out.data(), out.size());
  out.resize(size);
  out.shrink_to_fit();
  return out;
}

struct Compressor::Entry {
  using Waiter = std::shared_ptr<asio::steady_timer>;

  std::mutex mutex;
  std::shared_ptr<const Bytes> result;  // guarded by mutex
  std::vector<Waiter> waiting;          // guarded by mutex
};

namespace {

/// Takes a waiter off the list however its coroutine ends: its loop may end right after, and the
/// worker must not post to that any more.
template <class Entry>
class Waiting {
 public:
  Waiting(std::shared_ptr<Entry> entry, typename Entry::Waiter waiter)
      : entry_(std::move(entry)), waiter_(std::move(waiter)) {}
  ~Waiting() {
    const std::lock_guard lock(entry_->mutex);
    std::erase(entry_->waiting, waiter_);
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

 private:
  std::shared_ptr<Entry> entry_;
  typename Entry::Waiter waiter_;
};

}  // namespace

Compressor::Compressor() = default;

Compressor::~Compressor() {
  pool_.stop();
  pool_.join();
}

std::shared_ptr<Compressor::Entry> Compressor::entry(ByteSpan data) {
  auto& slot = entries_[{data.data(), data.size()}];
  if (slot) return slot;
  slot = std::make_shared<Entry>();
  asio::post(pool_, [data, made = slot] {
    auto result = std::make_shared<const Bytes>(compress_now(data));
    const std::lock_guard lock(made->mutex);
    made->result = std::move(result);
    for (auto& timer : made->waiting) {
      // The timer belongs to the waiter's thread: wake it there.
      asio::post(timer->get_executor(), [timer] { timer->cancel(); });
    }
    made->waiting.clear();
  });
  return slot;
}

void Compressor::prefetch(ByteSpan data) { entry(data); }

net::Task<std::shared_ptr<const Bytes>> Compressor::get(ByteSpan data, net::Clock& clock) {
  const std::shared_ptr<Entry> wanted = entry(data);
  // Virtual time must not run on while a real thread works.
  const std::shared_ptr<void> hold = clock.hold();
  auto timer = std::make_shared<asio::steady_timer>(co_await asio::this_coro::executor,
                                                    asio::steady_timer::time_point::max());
  const Waiting<Entry> waiting(wanted, timer);
  for (;;) {
    {
      const std::lock_guard lock(wanted->mutex);
      if (wanted->result) co_return wanted->result;
      wanted->waiting.push_back(timer);
    }
    auto [error] = co_await timer->async_wait(asio::as_tuple(asio::use_awaitable));
    static_cast<void>(error);  // always aborted: by the worker, or because the session is stopped
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) {
      co_return make_error(net::Errc::cancelled, "compressing");
    }
  }
}

}  // namespace aiot::flash
