#include "net/fd_stream.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <system_error>

#include "net/clock.hpp"

namespace aiot::net {
namespace {

/// A stream that always has data would keep everybody else, the user's interrupt too, from running.
constexpr int max_streak = 32;
/// Those who read it need their time for every byte.
constexpr std::size_t max_streak_bytes = 64 * 1024;

/// A loss that the other end is behind, or the way to it.
Error lost(std::string text) {
  return make_error(Errc::link_lost, std::move(text),
                    "see that what is at the other end runs, with its cable and its power, and try "
                    "again");
}

}  // namespace

Error link_closed() { return make_error(Errc::link_lost, "the link is closed"); }

Error link_error(int number) {
  const std::string text = std::generic_category().message(number);
  switch (number) {
    case EIO:
    case ENODEV:
    case ENXIO:
    case EPIPE:
    case ECONNRESET:
    case ECONNABORTED:
    case ENOTCONN:
    case ETIMEDOUT:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ENETDOWN:
    case ESHUTDOWN: return lost(text);
    default: return make_error(Errc::io, text);
  }
}

FdStream::FdStream(const asio::any_io_executor& executor, int fd, Kind kind)
    : shared_(std::make_shared<Shared>(executor)), kind_(kind) {
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  shared_->descriptor.assign(fd);
}

FdStream::~FdStream() { close(); }

void FdStream::close() {
  if (!shared_) return;
  boost::system::error_code ignored;
  shared_->descriptor.close(ignored);
}

Task<void> FdStream::wait_ready(std::shared_ptr<Shared> shared, Wait what, TimePoint deadline) {
  shared->streak = 0;
  shared->streak_bytes = 0;
  auto start = [shared, what](auto handler) {
    shared->descriptor.async_wait(what, std::move(handler));
  };
  auto stop = [shared] {
    boost::system::error_code ignored;
    shared->descriptor.cancel(ignored);
  };
  // Stopping one direction stops the other's wait too; its caller just tries again.
  auto waited = co_await by_deadline<boost::system::error_code>(deadline, start, stop);
  if (!waited) co_return std::move(waited).error();
  if (!shared->descriptor.is_open()) co_return link_closed();
  co_return Result<void>();
}

Task<void> FdStream::be_fair(std::shared_ptr<Shared> shared) {
  const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none) co_return make_error(Errc::cancelled);
  if (++shared->streak > max_streak || shared->streak_bytes >= max_streak_bytes) {
    shared->streak = 0;
    shared->streak_bytes = 0;
    const auto executor = co_await asio::this_coro::executor;
    co_await asio::post(executor, asio::use_awaitable);
  }
  if (!shared->descriptor.is_open()) co_return link_closed();
  co_return Result<void>();
}

Task<std::size_t> FdStream::read_some(std::span<std::uint8_t> buffer, TimePoint deadline) {
  const auto shared = shared_;
  Result<void> may = co_await be_fair(shared);
  AIOT_CO_CHECK(std::move(may));
  while (true) {
    // A peer that sends without end gets no more time.
    if (steady_clock().now() >= deadline) co_return make_error(Errc::timed_out);
    const ssize_t count = ::read(shared->descriptor.native_handle(), buffer.data(), buffer.size());
    if (count > 0) {
      shared->streak_bytes += static_cast<std::size_t>(count);
      co_return static_cast<std::size_t>(count);
    }
    if (count == 0) co_return lost("closed by the other end");
    if (errno == EINTR) continue;
    if (errno != EAGAIN) co_return link_error(errno);
    Result<void> ready = co_await wait_ready(shared, Wait::wait_read, deadline);
    AIOT_CO_CHECK(std::move(ready));
  }
}

Task<void> FdStream::write(ByteSpan data, TimePoint deadline) {
  const auto shared = shared_;
  const Kind kind = kind_;
  Result<void> may = co_await be_fair(shared);
  AIOT_CO_CHECK(std::move(may));
  while (!data.empty()) {
    if (steady_clock().now() >= deadline) co_return make_error(Errc::timed_out);
    const int fd = shared->descriptor.native_handle();
    const ssize_t count = kind == Kind::socket ? ::send(fd, data.data(), data.size(), MSG_NOSIGNAL)
                                               : ::write(fd, data.data(), data.size());
    if (count >= 0) {
      data = data.subspan(static_cast<std::size_t>(count));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) co_return link_error(errno);
    Result<void> ready = co_await wait_ready(shared, Wait::wait_write, deadline);
    AIOT_CO_CHECK(std::move(ready));
  }
  co_return Result<void>();
}

Result<void> FdStream::discard_input() {
  if (!is_open()) return link_closed();
  // Bounded: a device that never stops talking must not keep us here.
  for (int i = 0; i < 1024; ++i) {
    std::array<std::uint8_t, 4096> drop;  // NOLINT: filled by read
    const ssize_t count = ::read(fd(), drop.data(), drop.size());
    if (count == 0) return lost("closed by the other end");
    if (count < 0) {
      if (errno == EAGAIN) return {};
      if (errno != EINTR) return link_error(errno);
    }
  }
  return {};
}

}  // namespace aiot::net
