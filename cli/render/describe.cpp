#include <fmt/format.h>

#include <algorithm>

#include "aiot/bytes.hpp"
#include "aiot/units.hpp"
#include "render/table.hpp"

namespace aiot::cli::render {
namespace {

bool is_hex_field(std::string_view name) {
  for (const std::string_view suffix : {"offset", "address", "entry", "magic", "base"}) {
    if (name == suffix || name.ends_with(std::string("_") + std::string(suffix))) return true;
  }
  return false;
}

std::string number(std::string_view name, std::uint64_t n) {
  if (is_hex_field(name)) return format_hex(n);
  if (name == "size" || name.ends_with("_bytes") || name == "size_bytes") {
    return n < 1024 ? format_size(n) : fmt::format("{} ({})", format_size(n), n);
  }
  return fmt::format("{}", n);
}

/// "size_bytes" is read as "size", "flash_offset" as "flash offset".
std::string label(std::string_view name) {
  for (const std::string_view unit : {"_bytes", "_s", "_bps"}) {
    if (name.ends_with(unit)) name.remove_suffix(unit.size());
  }
  std::string text(name);
  std::replace(text.begin(), text.end(), '_', ' ');
  return escape_controls(text);
}

bool is_list_of_objects(const Array& array) {
  return !array.empty() && std::all_of(array.begin(), array.end(),
                                       [](const Value& v) { return v.object() != nullptr; });
}

std::string joined(std::string_view name, const Array& array) {
  std::string out;
  for (const Value& value : array) {
    if (!out.empty()) out += ", ";
    out += describe_scalar(name, value);
  }
  return out.empty() ? "none" : out;
}

/// Rows of a list of objects; columns are the scalar fields in order of first mention.
std::vector<std::vector<std::string>> rows_of(const Array& array) {
  std::vector<std::string> columns;
  for (const Value& value : array) {
    for (const auto& [name, field] : value.object()->fields()) {
      const bool scalar = !field.object() && !(field.array() && is_list_of_objects(*field.array()));
      if (scalar && std::find(columns.begin(), columns.end(), name) == columns.end()) {
        columns.push_back(name);
      }
    }
  }
  std::vector<std::vector<std::string>> rows(1);
  for (const std::string& name : columns) rows[0].push_back(label(name));
  for (const Value& value : array) {
    auto& row = rows.emplace_back();
    for (const std::string& name : columns) {
      const Value* field = value.object()->find(name);
      row.push_back(!field           ? ""
                    : field->array() ? joined(name, *field->array())
                                     : describe_scalar(name, *field));
    }
  }
  return rows;
}

}  // namespace

std::string describe_scalar(std::string_view name, const Value& value) {
  struct Visitor {
    std::string_view name;
    std::string operator()(std::nullptr_t) const { return "-"; }
    std::string operator()(bool b) const { return b ? "yes" : "no"; }
    std::string operator()(std::int64_t n) const {
      return n < 0 ? fmt::format("{}", n) : number(name, static_cast<std::uint64_t>(n));
    }
    std::string operator()(std::uint64_t n) const { return number(name, n); }
    std::string operator()(double d) const {
      if (name.ends_with("_s") || name == "seconds") {
        return format_duration(std::chrono::nanoseconds(static_cast<std::int64_t>(d * 1e9)));
      }
      return fmt::format("{:g}", d);
    }
    std::string operator()(const std::string& s) const { return escape_controls(s); }
    std::string operator()(const Bytes& b) const { return to_hex(b, " "); }
    std::string operator()(const Array&) const { return ""; }
    std::string operator()(const Object&) const { return ""; }
  };
  return std::visit(Visitor{name}, value.storage());
}

std::string describe(const Object& object, std::size_t width, std::size_t indent) {
  std::vector<std::vector<std::string>> scalars;
  std::string sections;
  const std::string margin(indent, ' ');
  for (const auto& [name, value] : object.fields()) {
    if (const Object* inner = value.object()) {
      if (inner->empty()) continue;
      sections += fmt::format("{}{}\n{}", margin, label(name), describe(*inner, width, indent + 2));
    } else if (const Array* array = value.array(); array && is_list_of_objects(*array)) {
      sections +=
          fmt::format("{}{}\n{}", margin, label(name), table(rows_of(*array), width, indent + 2));
    } else if (array) {
      if (!array->empty()) scalars.push_back({label(name), joined(name, *array)});
    } else if (std::string text = describe_scalar(name, value); !text.empty()) {
      scalars.push_back({label(name), std::move(text)});
    }
  }
  // A long value is worth more whole than aligned: scalars are never cut.
  return table(scalars, 0, indent) + sections;
}

}  // namespace aiot::cli::render
