#pragma once

#include <libudev.h>

#include <memory>

#include "core/module.hpp"

namespace aiot::net::udev {

/// The functions of libudev that this room uses, found when they are first needed. Documented in
/// the library's manual (systemd 252, libudev(3)).
struct Library {
  decltype(&::udev_new) make;
  decltype(&::udev_unref) unref;
  decltype(&::udev_hwdb_new) hwdb_new;
  decltype(&::udev_hwdb_unref) hwdb_unref;
  decltype(&::udev_hwdb_get_properties_list_entry) hwdb_properties;
  decltype(&::udev_list_entry_get_next) entry_next;
  decltype(&::udev_list_entry_get_name) entry_name;
  decltype(&::udev_list_entry_get_value) entry_value;
  decltype(&::udev_monitor_new_from_netlink) monitor_new;
  decltype(&::udev_monitor_unref) monitor_unref;
  decltype(&::udev_monitor_filter_add_match_subsystem_devtype) monitor_match;
  decltype(&::udev_monitor_enable_receiving) monitor_enable;
  decltype(&::udev_monitor_get_fd) monitor_fd;
  decltype(&::udev_monitor_receive_device) monitor_receive;
  decltype(&::udev_device_unref) device_unref;
  decltype(&::udev_device_get_action) device_action;
  decltype(&::udev_device_get_subsystem) device_subsystem;
  decltype(&::udev_device_get_syspath) device_syspath;

  /// Opened at the first call, and kept. core::Errc::no_module when it is not installed.
  static Result<const Library*> get();

  /// A context of its own, closed with the last copy; nullptr when there is no memory.
  std::shared_ptr<::udev> context() const { return {make(), unref}; }
};

}  // namespace aiot::net::udev
