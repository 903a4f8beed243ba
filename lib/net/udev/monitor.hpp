#pragma once

#include <memory>
#include <string>

#include "net/clock.hpp"

namespace aiot::net::udev {

/// A device that came, went or changed.
struct Change {
  std::string action;     ///< "add", "remove", "change", "bind", "unbind", …
  std::string subsystem;  ///< "usb", "tty", …
  std::string sys_path;   ///< "/sys/devices/…"
};

/// Hears of devices as they are plugged in and out.
class Monitor {
 public:
  /// Whose word is waited for. udevd speaks after it has made links and set permissions; where it
  /// does not run (a container) only the kernel does.
  enum class Voice { udevd, kernel };
  /// udevd where it runs, else the kernel.
  static Voice voice_here();

  /// Listens to USB devices and terminals from now on. core::Errc::no_module, Errc::io.
  static Result<Monitor> open(const asio::any_io_executor& executor, Voice voice);
  Monitor(Monitor&&) noexcept;
  Monitor& operator=(Monitor&&) noexcept;
  ~Monitor();

  /// The next change. Errc::timed_out, Errc::cancelled, Errc::io.
  Task<Change> next(TimePoint deadline);

 private:
  struct Shared;
  explicit Monitor(std::shared_ptr<Shared> shared);
  std::shared_ptr<Shared> shared_;
};

}  // namespace aiot::net::udev
