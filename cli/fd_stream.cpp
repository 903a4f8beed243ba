#include "fd_stream.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <ostream>

namespace aiot::cli {
namespace {
constexpr std::size_t buffer_bytes = 64 * 1024;
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
    const ssize_t n = ::write(fd_, pending_.data() + done, pending_.size() - done);
    if (n >= 0) {
      done += static_cast<std::size_t>(n);
    } else if (errno == EAGAIN) {
      // Somebody else made the shared terminal or pipe non-blocking.
      pollfd ready{fd_, POLLOUT, 0};
      ::poll(&ready, 1, -1);
    } else if (errno != EINTR) {
      error_ = errno;
    }
  }
  pending_.clear();
  return error_ == 0 ? 0 : -1;
}

int write_error(const std::ostream& out) {
  const auto* buffer = dynamic_cast<const FdBuffer*>(out.rdbuf());
  return buffer ? buffer->error() : 0;
}

}  // namespace aiot::cli
