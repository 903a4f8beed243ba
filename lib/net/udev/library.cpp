#include "net/udev/library.hpp"

#include "core/error_codes.hpp"

namespace aiot::net::udev {
namespace {

struct Opened {
  Module module;
  Library functions;
};

Result<Opened> open_library() {
  AIOT_TRY(Module module, Module::open("libudev.so.1", "libudev1"));
  Library found{};
  bool complete = true;
  const auto bind = [&]<class F>(F*& function, const char* name) {
    function = module.function<F>(name);
    complete = complete && function != nullptr;
  };
  bind(found.make, "udev_new");
  bind(found.unref, "udev_unref");
  bind(found.hwdb_new, "udev_hwdb_new");
  bind(found.hwdb_unref, "udev_hwdb_unref");
  bind(found.hwdb_properties, "udev_hwdb_get_properties_list_entry");
  bind(found.entry_next, "udev_list_entry_get_next");
  bind(found.entry_name, "udev_list_entry_get_name");
  bind(found.entry_value, "udev_list_entry_get_value");
  bind(found.monitor_new, "udev_monitor_new_from_netlink");
  bind(found.monitor_unref, "udev_monitor_unref");
  bind(found.monitor_match, "udev_monitor_filter_add_match_subsystem_devtype");
  bind(found.monitor_enable, "udev_monitor_enable_receiving");
  bind(found.monitor_fd, "udev_monitor_get_fd");
  bind(found.monitor_receive, "udev_monitor_receive_device");
  bind(found.device_unref, "udev_device_unref");
  bind(found.device_action, "udev_device_get_action");
  bind(found.device_subsystem, "udev_device_get_subsystem");
  bind(found.device_syspath, "udev_device_get_syspath");
  if (!complete) {
    return make_error(core::Errc::no_module, "libudev.so.1 lacks a function",
                      "install libudev1 of systemd 209 or later");
  }
  return Opened{std::move(module), found};
}

}  // namespace

Result<const Library*> Library::get() {
  static const Result<Opened> opened = open_library();
  if (!opened) return opened.error();
  return &opened->functions;
}

}  // namespace aiot::net::udev
