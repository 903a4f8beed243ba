#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "aiot/value.hpp"

/// Properties as they come from the bus: looked up by name, empty when absent or of another type.
namespace aiot::net::dbus {

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

}  // namespace aiot::net::dbus
