#pragma once

#include <systemd/sd-bus.h>

#include "aiot/result.hpp"

namespace aiot::net::dbus {

/// The functions of sd-bus that this room uses, found when they are first needed. Documented in
/// libsystemd's manual (systemd 252, sd-bus(3)).
struct Library {
  decltype(&::sd_bus_new) bus_new;
  decltype(&::sd_bus_close_unref) close_unref;
  decltype(&::sd_bus_set_address) set_address;
  decltype(&::sd_bus_set_bus_client) set_client;
  decltype(&::sd_bus_start) start;
  decltype(&::sd_bus_process) process;
  decltype(&::sd_bus_get_fd) get_fd;
  decltype(&::sd_bus_get_events) get_events;
  decltype(&::sd_bus_get_timeout) get_timeout;
  decltype(&::sd_bus_call_async) call_async;
  decltype(&::sd_bus_add_match_async) add_match_async;
  decltype(&::sd_bus_slot_unref) slot_unref;
  decltype(&::sd_bus_message_new_method_call) message_new_call;
  decltype(&::sd_bus_message_set_auto_start) message_auto_start;
  decltype(&::sd_bus_message_unref) message_unref;
  decltype(&::sd_bus_message_get_error) message_error;
  decltype(&::sd_bus_message_get_path) message_path;
  decltype(&::sd_bus_message_get_interface) message_interface;
  decltype(&::sd_bus_message_get_member) message_member;
  decltype(&::sd_bus_message_append_basic) append_basic;
  decltype(&::sd_bus_message_append_array) append_array;
  decltype(&::sd_bus_message_open_container) open_container;
  decltype(&::sd_bus_message_close_container) close_container;
  decltype(&::sd_bus_message_peek_type) peek_type;
  decltype(&::sd_bus_message_read_basic) read_basic;
  decltype(&::sd_bus_message_read_array) read_array;
  decltype(&::sd_bus_message_enter_container) enter_container;
  decltype(&::sd_bus_message_exit_container) exit_container;

  /// Opened at the first call, and kept. core::Errc::no_module when it is not installed.
  static Result<const Library*> get();
};

}  // namespace aiot::net::dbus
