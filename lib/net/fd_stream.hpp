#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <memory>
#include <span>

#include "aiot/bytes.hpp"
#include "net/clock.hpp"

namespace aiot::net {

/// A descriptor (terminal, pty master, connected socket) read and written by deadline, on the
/// machine's clock. It tries at once and waits for readiness only when it would block, so nothing
/// that arrived is lost to a cancellation.
class FdStream {
 public:
  enum class Kind { terminal, socket };

  /// Owns `fd` from here on, and makes it non-blocking.
  FdStream(const asio::any_io_executor& executor, int fd, Kind kind);
  FdStream(FdStream&&) = default;
  FdStream& operator=(FdStream&&) = default;
  ~FdStream();

  /// Errc::link_lost at the end of the stream, when the device went away, or after close().
  /// Errc::timed_out from `deadline` on, also when bytes are there.
  Task<std::size_t> read_some(std::span<std::uint8_t> buffer, TimePoint deadline);
  Task<void> write(ByteSpan data, TimePoint deadline);
  /// Drops what has arrived.
  Result<void> discard_input();

  int fd() const { return shared_ ? shared_->descriptor.native_handle() : -1; }
  bool is_open() const { return shared_ && shared_->descriptor.is_open(); }
  /// Ends pending operations with Errc::link_lost. Idempotent.
  void close();

 private:
  struct Shared {
    explicit Shared(const asio::any_io_executor& executor) : descriptor(executor) {}
    asio::posix::stream_descriptor descriptor;
    int streak = 0;  // operations since the last suspension
    std::size_t streak_bytes = 0;
  };
  using Wait = asio::posix::descriptor_base::wait_type;
  static Task<void> wait_ready(std::shared_ptr<Shared> shared, Wait what, TimePoint deadline);
  static Task<void> be_fair(std::shared_ptr<Shared> shared);

  std::shared_ptr<Shared> shared_;
  Kind kind_;
};

/// The error for `number` (errno) of an operation on an open link: link_lost when the device or
/// the other end is gone, else io.
Error link_error(int number);
/// For an operation on a link that this side has closed.
Error link_closed();

}  // namespace aiot::net
