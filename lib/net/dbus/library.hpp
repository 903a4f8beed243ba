#pragma once

#include <systemd/sd-bus.h>

#include "core/module.hpp"

namespace aiot::net::dbus {

/// The functions of sd-bus that this room uses, found when they are first needed. Documented in
/// libsystemd's manual (systemd 252, sd-bus(3)).
struct Library : ModuleFunctions {
  using ModuleFunctions::ModuleFunctions;
  AIOT_FUNCTION(bus_new, sd_bus_new);
  AIOT_FUNCTION(close_unref, sd_bus_close_unref);
  AIOT_FUNCTION(set_address, sd_bus_set_address);
  AIOT_FUNCTION(set_client, sd_bus_set_bus_client);
  AIOT_FUNCTION(start, sd_bus_start);
  AIOT_FUNCTION(process, sd_bus_process);
  AIOT_FUNCTION(get_fd, sd_bus_get_fd);
  AIOT_FUNCTION(get_events, sd_bus_get_events);
  AIOT_FUNCTION(get_timeout, sd_bus_get_timeout);
  AIOT_FUNCTION(call_async, sd_bus_call_async);
  AIOT_FUNCTION(add_match_async, sd_bus_add_match_async);
  AIOT_FUNCTION(slot_unref, sd_bus_slot_unref);
  AIOT_FUNCTION(message_new_call, sd_bus_message_new_method_call);
  AIOT_FUNCTION(message_auto_start, sd_bus_message_set_auto_start);
  AIOT_FUNCTION(message_unref, sd_bus_message_unref);
  AIOT_FUNCTION(message_error, sd_bus_message_get_error);
  AIOT_FUNCTION(message_path, sd_bus_message_get_path);
  AIOT_FUNCTION(message_interface, sd_bus_message_get_interface);
  AIOT_FUNCTION(message_member, sd_bus_message_get_member);
  AIOT_FUNCTION(append_basic, sd_bus_message_append_basic);
  AIOT_FUNCTION(append_array, sd_bus_message_append_array);
  AIOT_FUNCTION(open_container, sd_bus_message_open_container);
  AIOT_FUNCTION(close_container, sd_bus_message_close_container);
  AIOT_FUNCTION(peek_type, sd_bus_message_peek_type);
  AIOT_FUNCTION(read_basic, sd_bus_message_read_basic);
  AIOT_FUNCTION(read_array, sd_bus_message_read_array);
  AIOT_FUNCTION(enter_container, sd_bus_message_enter_container);
  AIOT_FUNCTION(exit_container, sd_bus_message_exit_container);

  /// Opened at the first call, and kept. core::Errc::no_module when it is not installed.
  static Result<const Library*> get();
};

}  // namespace aiot::net::dbus
