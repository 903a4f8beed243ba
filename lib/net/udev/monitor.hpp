#pragma once

#include <libudev.h>

#include <cstdint>
#include <memory>
#include <string>

#include "core/module.hpp"
#include "net/clock.hpp"

namespace aiot::net::udev {

/// The functions of libudev that this room uses, found when they are first needed. Documented in
/// the library's manual (systemd 252, libudev(3)).
struct Library : ModuleFunctions {
  using ModuleFunctions::ModuleFunctions;
  AIOT_FUNCTION(make, udev_new);
  AIOT_FUNCTION(unref, udev_unref);
  AIOT_FUNCTION(hwdb_new, udev_hwdb_new);
  AIOT_FUNCTION(hwdb_unref, udev_hwdb_unref);
  AIOT_FUNCTION(hwdb_properties, udev_hwdb_get_properties_list_entry);
  AIOT_FUNCTION(entry_next, udev_list_entry_get_next);
  AIOT_FUNCTION(entry_name, udev_list_entry_get_name);
  AIOT_FUNCTION(entry_value, udev_list_entry_get_value);
  AIOT_FUNCTION(monitor_new, udev_monitor_new_from_netlink);
  AIOT_FUNCTION(monitor_unref, udev_monitor_unref);
  AIOT_FUNCTION(monitor_match, udev_monitor_filter_add_match_subsystem_devtype);
  AIOT_FUNCTION(monitor_enable, udev_monitor_enable_receiving);
  AIOT_FUNCTION(monitor_fd, udev_monitor_get_fd);
  AIOT_FUNCTION(monitor_receive, udev_monitor_receive_device);
  AIOT_FUNCTION(device_unref, udev_device_unref);
  AIOT_FUNCTION(device_action, udev_device_get_action);
  AIOT_FUNCTION(device_subsystem, udev_device_get_subsystem);
  AIOT_FUNCTION(device_syspath, udev_device_get_syspath);

  /// Opened at the first call, and kept. core::Errc::no_module when it is not installed.
  static Result<const Library*> get();

  /// A context of its own, closed with the last copy; nullptr when there is no memory.
  std::shared_ptr<::udev> context() const { return {make(), unref}; }
};

/// What udev's hardware database calls a USB device; "" for what it does not know.
struct UsbNames {
  std::string vendor;
  std::string product;
};

/// udev's hardware database (hwdb(7)), which is read from its file: no udevd needs to run.
class NameBook {
 public:
  /// Without the library or the database every name is "".
  NameBook();
  UsbNames usb(std::uint16_t vid, std::uint16_t pid) const;

 private:
  const Library* library_ = nullptr;
  std::shared_ptr<::udev> context_;
  std::shared_ptr<::udev_hwdb> database_;
};

/// A device that came, went or changed.
struct Change {
  std::string action;     ///< "add", "remove", "change", "bind", "unbind", …
  std::string subsystem;  ///< "usb", "tty", …
  std::string sys_path;   ///< "/sys/devices/…"
};

/// Reports devices as they are plugged in and out.
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
