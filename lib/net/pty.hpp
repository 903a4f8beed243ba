#pragma once

#include <cstdint>
#include <string>

#include "net/error.hpp"

namespace aiot::net {

/// A pseudo-terminal whose other end a client opens as a serial port. Raw in both directions.
/// The client's end is held open here too, so that the line survives between two clients.
class Pty {
 public:
  static Result<Pty> open();

  Pty(Pty&& other) noexcept;
  Pty& operator=(Pty&& other) noexcept;
  ~Pty();

  /// /dev/pts/N, which a client opens.
  const std::string& path() const { return path_; }
  /// The device's end; stays owned here.
  int master() const { return master_; }
  /// A descriptor of the device's end for somebody who closes it himself (FdStream).
  Result<int> duplicate_master() const;
  /// The rate that the client has set; a pty carries every byte at any rate.
  std::uint32_t client_baud() const;
  /// Hangs up as an unplugged adapter does: the client's reads and writes fail, and path() is no
  /// more. Its number stays taken: nobody who looks for the device at path() finds another's
  /// pseudo-terminal there.
  void unplug();
  /// After unplug(): there again, at the former path() unless that was taken in this moment.
  Result<void> plug();
  /// Hangs up, and gives the number back. Idempotent.
  void close();

 private:
  Pty() = default;

  int master_ = -1;
  int client_ = -1;
  unsigned number_ = 0;
  std::string path_;
};

}  // namespace aiot::net
