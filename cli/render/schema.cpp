#include "render/schema.hpp"

#include <algorithm>

#include "aiot/value.hpp"
#include "render/envelope.hpp"
#include "render/json.hpp"

namespace aiot::cli::render {
namespace {

/// The schema of a described struct's fields. What is not optional is required; fields may be added
/// within a schema's number, so unknown ones are allowed.
class SchemaWriter final : public FieldVisitor {
 public:
  SchemaWriter() : FieldVisitor(Purpose::schema) { levels_.emplace_back(); }
  Object take() { return levels_.front().schema(); }

 private:
  struct Level {
    FieldInfo info;
    Object properties = {};
    Array required = {};
    bool is_list = false;
    bool open = false;
    Object items = {};

    Object schema() const {
      Object out({{"type", is_list ? "array" : "object"}});
      if (!info.doc.empty()) out.set("description", info.doc);
      if (!items.empty()) out.set(is_list ? "items" : "additionalProperties", items);
      if (!properties.empty()) out.set("properties", properties);
      if (!required.empty()) out.set("required", required);
      return out;
    }
  };

  void add(const FieldInfo& info, Object schema) {
    Level& level = levels_.back();
    if (level.is_list || level.open) {
      level.items = std::move(schema);
      return;
    }
    level.properties.set(std::string(info.name), std::move(schema));
    // What is not UTF-8 has another name: NAME_base64.
    if (!info.optional && !info.any_bytes) level.required.emplace_back(info.name);
  }
  void scalar(const FieldInfo& info, const char* type, bool natural = false) {
    Object schema;
    if (type != nullptr) schema.set("type", type);
    if (!info.doc.empty()) schema.set("description", info.doc);
    if (natural) schema.set("minimum", 0);
    if (info.choices.size() == 1) schema.set("const", info.choices.front());
    if (info.choices.size() > 1) {
      schema.set("enum", Array(info.choices.begin(), info.choices.end()));
    }
    add(info, std::move(schema));
  }
  void value(const FieldInfo& info, bool&) override { scalar(info, "boolean"); }
  void value(const FieldInfo& info, std::int64_t&) override { scalar(info, "integer"); }
  void value(const FieldInfo& info, std::uint64_t&) override { scalar(info, "integer", true); }
  /// A figure that is not finite is null.
  void value(const FieldInfo& info, double&) override { scalar(info, "number"); }
  void value(const FieldInfo& info, std::string& field) override {
    if (!info.any_bytes) return scalar(info, "string");
    if (info.name.empty()) return scalar(info, nullptr);  // an element: a string or an object
    scalar({info.name, info.doc, true}, "string");
    Bytes bytes(field.size());
    value({info.name, "the same, when it is not UTF-8", true}, bytes);
  }
  void value(const FieldInfo& info, Value&) override {
    scalar(info, nullptr);
    Bytes bytes;
    if (info.any_bytes) value({info.name, "the same, when it is not UTF-8", true}, bytes);
  }
  void value(const FieldInfo& info, Bytes&) override {
    const std::string name = std::string(info.name) + "_base64";
    scalar({name, info.doc, info.optional}, "string");
  }
  void begin_object(const FieldInfo& info, bool open) override {
    levels_.push_back({.info = info, .open = open});
  }
  void end_object() override {
    const Level level = std::move(levels_.back());
    levels_.pop_back();
    FieldInfo info = level.info;
    info.any_bytes = false;  // its elements may be
    add(info, level.schema());
  }
  std::size_t begin_list(const FieldInfo& info, std::size_t) override {
    levels_.push_back({.info = info, .is_list = true});
    return 1;
  }
  void end_list() override { end_object(); }

  std::vector<Level> levels_;
};

/// `data` wrapped in what every document has.
Object document_schema(const std::string& name, const Object& data) {
  Envelope envelope;
  envelope.schema = name;
  SchemaWriter writer;
  describe(writer, envelope);
  Object out = writer.take();
  Object properties = *out.find("properties")->object();
  Object described = *properties.find("data")->object();
  for (const auto& [key, value] : data.fields()) described.set(key, value);
  properties.set("data", std::move(described));
  out.set("properties", std::move(properties));
  return out;
}

/// "urn:aiot:flash:1" of "aiot.flash/1": a valid URI.
std::string schema_id(const std::string& name) {
  std::string id = "urn:" + name;
  for (char& c : id) {
    if (c == '.' || c == '/') c = ':';
  }
  return id;
}

/// JSON with line breaks. `value` holds strings, booleans, lists and objects only.
void pretty(std::string& out, const Value& value, std::size_t depth) {
  const std::string inner((depth + 1) * 2, ' ');
  const std::string outer(depth * 2, ' ');
  if (const Object* object = value.object(); object && !object->empty()) {
    out += "{\n";
    const char* comma = "";
    for (const auto& [name, field] : object->fields()) {
      out += comma + inner + to_json(Value(name)) + ": ";
      pretty(out, field, depth + 1);
      comma = ",\n";
    }
    out += '\n' + outer + '}';
    return;
  }
  out += to_json(value);
}

}  // namespace

Object derive_fields(const std::function<void(FieldVisitor&)>& describe) {
  SchemaWriter writer;
  describe(writer);
  return writer.take();
}

Object merge_fields(const Object& first, const Object& second) {
  Object out;
  for (const auto& [name, value] : first.fields()) {
    const Value* other = second.find(name);
    if (name == "required") {
      if (other == nullptr) continue;
      Array both;
      for (const Value& field : *value.array()) {
        if (std::ranges::count(*other->array(), field) > 0) both.push_back(field);
      }
      if (!both.empty()) out.set(name, std::move(both));
    } else if (other != nullptr && value.object() != nullptr) {
      out.set(name, merge_fields(*value.object(), *other->object()));
    } else {
      out.set(name, value);
    }
  }
  for (const auto& [name, value] : second.fields()) {
    if (name != "required" && first.find(name) == nullptr) out.set(name, value);
  }
  return out;
}

std::vector<std::string> schema_names() {
  std::vector<std::string> names;
  for (const DerivedSchema& schema : derived_schemas()) names.emplace_back(schema.info.name);
  std::sort(names.begin(), names.end());
  return names;
}

std::optional<std::string> schema_text(const std::string& name) {
  const auto& all = derived_schemas();
  const auto found = std::ranges::find(all, name, [](const auto& s) { return s.info.name; });
  if (found == all.end()) return std::nullopt;
  Object document({{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                   {"$id", schema_id(name)},
                   {"title", found->info.title}});
  const Object body =
      found->info.is_document ? document_schema(name, found->fields) : found->fields;
  for (const auto& [key, value] : body.fields()) document.set(key, value);
  std::string text;
  pretty(text, document, 0);
  return text + '\n';
}

std::string schema_file(const std::string& name) {
  std::string file = name;
  std::replace(file.begin(), file.end(), '/', '.');
  return file + ".json";
}

}  // namespace aiot::cli::render
