#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "net/error.hpp"

namespace aiot::net {

/// A terminal device as the operating system offers it, without waiting for anything: raw 8N1, no
/// flow control, held by this process alone. Closing puts the former settings back.
class TtyPort {
 public:
  /// Errc::not_found, no_permission and port_busy say what to do about it.
  static Result<TtyPort> open(const std::string& path, std::uint32_t baud_bps);

  TtyPort(TtyPort&& other) noexcept;
  TtyPort& operator=(TtyPort&& other) noexcept;
  ~TtyPort();

  /// A descriptor of its own for reading and writing; the caller closes it, before the port.
  Result<int> duplicate() const;

  /// Any rate the driver can make within 3 %; else Errc::bad_baud.
  Result<void> set_baud(std::uint32_t baud_bps);
  bool has_lines() const { return has_lines_; }
  /// Both lines change in one call of the driver. Errc::not_supported on a pty.
  Result<void> set_lines(std::optional<bool> dtr, std::optional<bool> rts);
  /// Bytes the driver has not sent yet; counts the chip's own buffer as one where it tells.
  Result<std::size_t> unsent() const;
  /// Drops what has arrived.
  Result<void> discard_input();
  /// Restores the settings and releases the locks. Idempotent.
  void close();

 private:
  struct Saved;  // the former termios2, which only tty_port.cpp knows
  TtyPort();

  int fd_ = -1;
  bool has_lines_ = false;
  std::string path_;
  std::unique_ptr<Saved> saved_;
};

/// The rate at which a terminal runs now, as its driver tells; 0 when it does not.
std::uint32_t terminal_baud(int fd);
/// Raw 8N1 without echo or flow control; how ports and ptys are set up here.
Result<void> make_raw(int fd, std::optional<std::uint32_t> baud_bps);

}  // namespace aiot::net
