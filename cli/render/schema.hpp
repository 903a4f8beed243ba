#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "aiot/document.hpp"

/// The JSON Schemas (Draft 2020-12) of everything that --json and --jsonl print, derived from the
/// descriptions of the structs.
namespace aiot::cli::render {

/// "aiot.flash/1" and so on, sorted.
std::vector<std::string> schema_names();
/// The schema as indented JSON, ending with a line feed; nullopt for a name that is not one.
std::optional<std::string> schema_text(const std::string& name);
/// The file a schema ships in: "aiot.flash.1.json".
std::string schema_file(const std::string& name);

/// A schema that is derived from a described struct.
struct DerivedSchema {
  SchemaInfo info;
  Object fields;  ///< the schema of the struct as an object
};
/// Of the fields that `describe` visits.
Object derive_fields(const std::function<void(FieldVisitor&)>& describe);
/// A schema that holds for both: a field that only one of them requires is optional.
Object merge_fields(const Object& first, const Object& second);
/// Several structs share a schema where they are the results of related commands.
template <class First, class... More>
DerivedSchema derive() {
  const auto fields = [](auto example) {
    return derive_fields([&example](FieldVisitor& v) { describe(v, example); });
  };
  DerivedSchema schema{schema_of(First{}), fields(First{})};
  ((schema.fields = merge_fields(schema.fields, fields(More{}))), ...);
  return schema;
}
/// One line for each result struct of every job: see schemas.cpp.
const std::vector<DerivedSchema>& derived_schemas();

}  // namespace aiot::cli::render
