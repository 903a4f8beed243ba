#pragma once

#include <string_view>

#include "aiot/value.hpp"
#include "net/dbus/library.hpp"

namespace aiot::net::dbus {

/// All arguments of a message. Variants are replaced by what is in them, structures are arrays,
/// "ay" is bytes, and a dictionary is an object whose keys are written as text ("76" for a number).
/// Errc::bad_message.
Result<Array> read_arguments(const Library& library, sd_bus_message* message);

/// Adds arguments as `signature` describes them: y b n q i u x t d s o, arrays of them, "ay" from
/// bytes, "a{sv}" and the like from an object. What a variant holds follows the value: text s,
/// bool b, negative or signed i, unsigned u, bytes ay, an array as, an object a{sv}.
/// Errc::bad_message when the two do not fit.
Result<void> append_arguments(const Library& library, sd_bus_message* message,
                              std::string_view signature, const Array& arguments);

}  // namespace aiot::net::dbus
