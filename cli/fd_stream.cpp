#include "fd_stream.hpp"

#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <istream>
#include <ostream>

namespace aiot::cli {
namespace {

constexpr std::size_t buffer_bytes = 64 * 1024;
constexpr std::chrono::milliseconds look_interval{100};
constexpr std::chrono::seconds after_stop{1};

/// True when `fd` is ready for `events`; false when patience is over.
bool wait_for(int fd, short events, const Patience& patience) {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  Clock::time_point stopped{};
  for (;;) {
    pollfd ready{fd, events, 0};
    // Errors and ends are ready too: the read or write that follows has the reason.
    const int found = ::poll(&ready, 1, static_cast<int>(look_interval.count()));
    if (found > 0 || (found < 0 && errno != EINTR)) return true;
    const auto now = Clock::now();
    if (patience.longest.count() > 0 && now - start >= patience.longest) return false;
    if (!patience.stopped || !patience.stopped()) continue;
    if (stopped == Clock::time_point{}) stopped = now;
    if (now - stopped >= after_stop) return false;
  }
}

}  // namespace

FdBuffer::FdBuffer(int fd, Patience patience) : fd_(fd), patience_(std::move(patience)) {
  struct stat info {};
  never_blocks_ = ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
}

FdBuffer::int_type FdBuffer::overflow(int_type c) {
  if (traits_type::eq_int_type(c, traits_type::eof())) return traits_type::not_eof(c);
  const char byte = traits_type::to_char_type(c);
  return xsputn(&byte, 1) == 1 ? c : traits_type::eof();
}

std::streamsize FdBuffer::xsputn(const char* text, std::streamsize n) {
  if (error_ != 0) return 0;
  pending_.append(text, static_cast<std::size_t>(n));
  if (pending_.size() >= buffer_bytes && sync() != 0) return 0;
  return n;
}

int FdBuffer::sync() {
  std::size_t done = 0;
  while (error_ == 0 && done < pending_.size()) {
    if (!wait_for(fd_, POLLOUT, patience_)) {
      error_ = ETIMEDOUT;
      break;
    }
    // A pipe that is ready takes PIPE_BUF bytes without blocking; more is not promised.
    const std::size_t rest = pending_.size() - done;
    const std::size_t part = never_blocks_ ? rest : std::min<std::size_t>(rest, PIPE_BUF);
    const ssize_t n = ::write(fd_, pending_.data() + done, part);
    if (n >= 0) {
      done += static_cast<std::size_t>(n);
    } else if (errno != EAGAIN && errno != EINTR) {
      error_ = errno;
    }
  }
  pending_.clear();
  return error_ == 0 ? 0 : -1;
}

FdInput::int_type FdInput::underflow() {
  while (error_ == 0) {
    if (!wait_for(fd_, POLLIN, patience_)) {
      error_ = ETIMEDOUT;
      break;
    }
    const ssize_t n = ::read(fd_, buffer_.data(), buffer_.size());
    if (n > 0) {
      setg(buffer_.data(), buffer_.data(), buffer_.data() + n);
      return traits_type::to_int_type(buffer_.front());
    }
    if (n == 0) break;
    if (errno != EAGAIN && errno != EINTR) error_ = errno;
  }
  return traits_type::eof();
}

int write_error(const std::ostream& out) {
  const auto* buffer = dynamic_cast<const FdBuffer*>(out.rdbuf());
  return buffer ? buffer->error() : 0;
}

int read_error(const std::istream& in) {
  const auto* buffer = dynamic_cast<const FdInput*>(in.rdbuf());
  return buffer ? buffer->error() : 0;
}

void wait_at_most(std::istream& in, std::ostream& out, std::chrono::milliseconds longest) {
  if (auto* buffer = dynamic_cast<FdInput*>(in.rdbuf())) buffer->wait_at_most(longest);
  if (auto* buffer = dynamic_cast<FdBuffer*>(out.rdbuf())) buffer->wait_at_most(longest);
}

}  // namespace aiot::cli
