#pragma once

#include <string>
#include <utility>
#include <vector>

#include "render/schema.hpp"

/// Short ways to write the fields of a schema.
namespace aiot::cli::render {

using Fields = std::vector<Field>;

inline Field optional(Field field) {
  field.required = false;
  return field;
}
inline Field text(std::string name, std::string doc) {
  return {std::move(name), "string", std::move(doc)};
}
inline Field whole(std::string name, std::string doc) {
  return {std::move(name), "integer", std::move(doc)};
}
inline Field number(std::string name, std::string doc) {
  return {std::move(name), "number", std::move(doc)};
}
inline Field yes_no(std::string name, std::string doc) {
  return {std::move(name), "boolean", std::move(doc)};
}
/// A list of texts.
inline Field texts(std::string name, std::string doc) {
  return {std::move(name), "array", std::move(doc)};
}
inline Field list(std::string name, std::string doc, Fields fields) {
  return {std::move(name), "array", std::move(doc), true, std::move(fields)};
}
inline Field object(std::string name, std::string doc, Fields fields) {
  return {std::move(name), "object", std::move(doc), true, std::move(fields)};
}
/// A list of strings.
inline Field words(std::string name, std::string doc) {
  return list(std::move(name), std::move(doc), {text("", "")});
}
inline Field one_of(std::string name, std::string doc, std::vector<std::string> choices) {
  return {std::move(name), "string", std::move(doc), true, {}, std::move(choices)};
}

}  // namespace aiot::cli::render
