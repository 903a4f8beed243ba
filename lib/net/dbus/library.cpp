#include "net/dbus/library.hpp"

#include "core/error_codes.hpp"
#include "core/module.hpp"

namespace aiot::net::dbus {
namespace {

struct Opened {
  Module module;
  Library functions;
};

Result<Opened> open_library() {
  AIOT_TRY(Module module, Module::open("libsystemd.so.0", "libsystemd0"));
  Library found{};
  bool complete = true;
  const auto bind = [&]<class F>(F*& function, const char* name) {
    function = module.function<F>(name);
    complete = complete && function != nullptr;
  };
  bind(found.bus_new, "sd_bus_new");
  bind(found.close_unref, "sd_bus_close_unref");
  bind(found.set_address, "sd_bus_set_address");
  bind(found.set_client, "sd_bus_set_bus_client");
  bind(found.start, "sd_bus_start");
  bind(found.process, "sd_bus_process");
  bind(found.get_fd, "sd_bus_get_fd");
  bind(found.get_events, "sd_bus_get_events");
  bind(found.get_timeout, "sd_bus_get_timeout");
  bind(found.call_async, "sd_bus_call_async");
  bind(found.add_match_async, "sd_bus_add_match_async");
  bind(found.slot_unref, "sd_bus_slot_unref");
  bind(found.message_new_call, "sd_bus_message_new_method_call");
  bind(found.message_auto_start, "sd_bus_message_set_auto_start");
  bind(found.message_unref, "sd_bus_message_unref");
  bind(found.message_error, "sd_bus_message_get_error");
  bind(found.message_path, "sd_bus_message_get_path");
  bind(found.message_interface, "sd_bus_message_get_interface");
  bind(found.message_member, "sd_bus_message_get_member");
  bind(found.append_basic, "sd_bus_message_append_basic");
  bind(found.append_array, "sd_bus_message_append_array");
  bind(found.open_container, "sd_bus_message_open_container");
  bind(found.close_container, "sd_bus_message_close_container");
  bind(found.peek_type, "sd_bus_message_peek_type");
  bind(found.read_basic, "sd_bus_message_read_basic");
  bind(found.read_array, "sd_bus_message_read_array");
  bind(found.enter_container, "sd_bus_message_enter_container");
  bind(found.exit_container, "sd_bus_message_exit_container");
  if (!complete) {
    return make_error(core::Errc::no_module, "libsystemd.so.0 lacks a function",
                      "install libsystemd0 of systemd 241 or later");
  }
  return Opened{std::move(module), found};
}

}  // namespace

Result<const Library*> Library::get() {
  static const Result<Opened> opened = open_library();
  if (!opened) return opened.error();
  return &opened->functions;
}

}  // namespace aiot::net::dbus
