#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <systemd/sd-bus.h>

#include "aiot/error.hpp"
#include "aiot/result.hpp"
#include "aiot/value.hpp"
#include "core/module.hpp"

namespace aiot::dbus {

/// What can go wrong with a service on the bus. The error's context has the bus's own name for it.
enum class Errc {
  no_bus = 1,   ///< no bus daemon runs here
  no_service,   ///< nobody on the bus has this name
  denied,       ///< the bus or the service does not let this user
  not_ready,    ///< the service is there, what it serves is not (BlueZ: powered off)
  in_progress,  ///< the same is under way already
  no_object,    ///< no such object, interface or method
  refused,      ///< another error that the service answered
  bad_message,  ///< a value that its signature does not describe, or a reply that is not understood
};
boost::system::error_code make_error_code(Errc e) noexcept;

/// The error for a D-Bus error's name ("org.bluez.Error.NotReady") and its text.
Error error_of(std::string_view name, std::string_view text);

}  // namespace aiot::dbus

template <>
struct boost::system::is_error_code_enum<aiot::dbus::Errc> : std::true_type {};

namespace aiot::dbus {

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
  AIOT_FUNCTION(add_fallback, sd_bus_add_fallback);
  AIOT_FUNCTION(send, sd_bus_send);
  AIOT_FUNCTION(message_new_call, sd_bus_message_new_method_call);
  AIOT_FUNCTION(message_new_return, sd_bus_message_new_method_return);
  AIOT_FUNCTION(message_new_error, sd_bus_message_new_method_error);
  AIOT_FUNCTION(message_new_signal, sd_bus_message_new_signal);
  AIOT_FUNCTION(message_ref, sd_bus_message_ref);
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

}  // namespace aiot::dbus

/// Properties as they come from the bus: looked up by name, empty when absent or of another type.
namespace aiot::dbus {

inline std::string text_field(const Object& fields, std::string_view name) {
  const Value* value = fields.find(name);
  return value != nullptr && value->string() != nullptr ? *value->string() : std::string();
}

inline std::optional<std::int64_t> number_of(const Value& value) {
  if (const auto* i = std::get_if<std::int64_t>(&value.storage())) return *i;
  if (const auto* u = std::get_if<std::uint64_t>(&value.storage()))
    return static_cast<std::int64_t>(*u);
  return std::nullopt;
}

inline std::optional<std::int64_t> number_field(const Object& fields, std::string_view name) {
  const Value* value = fields.find(name);
  return value == nullptr ? std::nullopt : number_of(*value);
}

inline bool truth_field(const Object& fields, std::string_view name) {
  const Value* value = fields.find(name);
  const bool* truth = value == nullptr ? nullptr : std::get_if<bool>(&value->storage());
  return truth != nullptr && *truth;
}

inline const Bytes* bytes_field(const Object& fields, std::string_view name) {
  const Value* value = fields.find(name);
  return value == nullptr ? nullptr : std::get_if<Bytes>(&value->storage());
}

/// An object inside, or an empty one.
inline const Object& object_field(const Object& fields, std::string_view name) {
  static const Object none;
  const Value* value = fields.find(name);
  return value != nullptr && value->object() != nullptr ? *value->object() : none;
}

/// A list inside, or an empty one.
inline const Array& list_field(const Object& fields, std::string_view name) {
  static const Array none;
  const Value* value = fields.find(name);
  return value != nullptr && value->array() != nullptr ? *value->array() : none;
}

/// All arguments of a message. Variants are replaced by what is in them, structures are arrays,
/// "ay" is bytes, and a dictionary is an object whose keys are written as text ("76" for a number).
/// Errc::bad_message.
Result<Array> read_arguments(const Library& library, sd_bus_message* message);

/// Adds arguments as `signature` describes them: y b n q i u x t s o, arrays of them, "ay" from
/// bytes, structures from arrays, dictionaries ("a{sv}", "a{qv}", "a{oa{sa{sv}}}") from an object. What a variant holds
/// follows the value: text s, bool b, negative or signed i, unsigned u, bytes ay, an array as, an
/// object a{sv}; of a typed() value, what that says.
/// Errc::bad_message when the two do not fit.
Result<void> append_arguments(const Library& library, sd_bus_message* message,
                              std::string_view signature, const Array& arguments);

}  // namespace aiot::dbus
