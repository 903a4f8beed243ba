#pragma once

#include <string>
#include <string_view>

#include "aiot/document.hpp"
#include "aiot/value.hpp"
#include "render/renderer.hpp"

namespace aiot::cli::render {

/// `value` as one line of JSON. Strings that are not UTF-8, and bytes, are base64: a field NAME
/// becomes NAME_base64, an element of a list becomes {"base64": …}. A number that JSON cannot say
/// becomes null. Characters that could steer a terminal are written \uXXXX.
std::string to_json(const Value& value);
std::string to_json(const Object& object);
/// The same, added to `out`.
void append_json(std::string& out, const Object& object);
/// A result's fields, straight from its struct.
void append_json(std::string& out, const Document& document);
/// The same without its braces: part of an object that is being written.
void append_fields(std::string& out, const Document& document);
/// `"NAME":"text"`, or NAME_base64, added to `out`.
void append_json_field(std::string& out, std::string_view name, std::string_view text);

}  // namespace aiot::cli::render
