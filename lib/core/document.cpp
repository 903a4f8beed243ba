#include "aiot/document.hpp"

#include <fmt/format.h>

#include "aiot/bytes.hpp"
#include "aiot/device_report.hpp"

namespace aiot {

FieldVisitor::~FieldVisitor() = default;
bool FieldVisitor::is_present(const FieldInfo&) { return true; }
std::vector<std::string> FieldVisitor::names() { return {}; }
void FieldVisitor::refuse(const FieldInfo&, std::string_view) {}

void FieldVisitor::open(const FieldInfo& info, Object& field) {
  if (purpose_ == Purpose::schema) {
    begin_object(info, true);
    end_object();
    return;
  }
  Value content(purpose_ == Purpose::write ? field : Object());
  value(info, content);
  if (purpose_ != Purpose::read) return;
  if (const Object* object = content.object()) {
    field = *object;
  } else {
    refuse(info, "is no object");
  }
}

void FieldVisitor::open(const FieldInfo& info, Array& field) {
  if (purpose_ == Purpose::schema) {
    begin_list(info, 0);
    end_list();
    return;
  }
  Value content(purpose_ == Purpose::write ? field : Array());
  value(info, content);
  if (purpose_ != Purpose::read) return;
  if (const Array* array = content.array()) {
    field = *array;
  } else {
    refuse(info, "is no list");
  }
}

void FieldVisitor::address(const FieldInfo& info, Address& field) {
  std::string text = purpose_ == Purpose::write ? field.str() : std::string();
  value(info, text);
  if (purpose_ != Purpose::read) return;
  if (Result<Address> parsed = parse_address(text); parsed.has_value()) {
    field = std::move(*parsed);
  } else {
    refuse(info, "is no address");
  }
}

Document::Content::~Content() = default;

std::string_view Document::schema() const {
  return content_ ? content_->schema().name : std::string_view();
}

void Document::visit(FieldVisitor& visitor) const {
  if (content_) content_->visit(visitor);
}

Object Document::fields() const {
  ObjectWriter writer;
  visit(writer);
  return writer.take();
}

ObjectWriter::ObjectWriter() : FieldVisitor(Purpose::write) { levels_.push_back({{}, Object()}); }
ObjectWriter::~ObjectWriter() = default;

Object ObjectWriter::take() { return *levels_.front().content.object(); }

void ObjectWriter::put(const FieldInfo& info, Value value) {
  Value& level = levels_.back().content;
  if (const Object* object = level.object()) {
    const_cast<Object*>(object)->add(std::string(info.name), std::move(value));
  } else if (const Array* array = level.array()) {
    const_cast<Array*>(array)->push_back(std::move(value));
  }
}

void ObjectWriter::value(const FieldInfo& info, bool& field) { put(info, field); }
void ObjectWriter::value(const FieldInfo& info, std::int64_t& field) { put(info, Value(field)); }
void ObjectWriter::value(const FieldInfo& info, std::uint64_t& field) { put(info, Value(field)); }
void ObjectWriter::value(const FieldInfo& info, double& field) { put(info, field); }
void ObjectWriter::value(const FieldInfo& info, std::string& field) { put(info, field); }
void ObjectWriter::value(const FieldInfo& info, Bytes& field) { put(info, field); }
void ObjectWriter::value(const FieldInfo& info, Value& field) { put(info, field); }

void ObjectWriter::begin_object(const FieldInfo& info, bool) {
  levels_.push_back({std::string(info.name), Object()});
}
void ObjectWriter::end_object() {
  Level level = std::move(levels_.back());
  levels_.pop_back();
  put({level.name, {}}, std::move(level.content));
}
std::size_t ObjectWriter::begin_list(const FieldInfo& info, std::size_t size) {
  levels_.push_back({std::string(info.name), Array()});
  return size;
}
void ObjectWriter::end_list() { end_object(); }

ObjectReader::ObjectReader(const Object& object, Missing missing)
    : FieldVisitor(Purpose::read), missing_(missing) {
  levels_.emplace_back().object = &object;
}
ObjectReader::~ObjectReader() = default;

void ObjectReader::refuse(const FieldInfo& info, std::string_view why) {
  if (!complaint_.empty()) return;
  std::string path;
  for (std::size_t i = 1; i < levels_.size(); ++i) path += levels_[i].name;
  // An element of a list has no name.
  if (const Level& level = levels_.back(); info.name.empty() && level.array != nullptr) {
    path += fmt::format("[{}]", level.index - 1);
  }
  if (!info.name.empty() && !path.empty()) path += '.';
  path += info.name;
  complaint_ = fmt::format("{} {}", path, why);
}

const Value* ObjectReader::next(const FieldInfo& info) {
  Level& level = levels_.back();
  const Value* found = nullptr;
  if (level.object != nullptr) found = level.object->find(info.name);
  if (level.array != nullptr && level.index < level.array->size()) {
    found = &(*level.array)[level.index++];
  }
  if (found == nullptr && missing_ == Missing::refused) refuse(info, "is missing");
  return found;
}

bool ObjectReader::is_present(const FieldInfo& info) {
  const Level& level = levels_.back();
  return level.object != nullptr && level.object->find(info.name) != nullptr;
}

std::vector<std::string> ObjectReader::names() {
  std::vector<std::string> out;
  if (const Object* object = levels_.back().object) {
    for (const auto& [name, field] : object->fields()) out.push_back(name);
  }
  return out;
}

template <class T>
void ObjectReader::take(const FieldInfo& info, T& field, std::string_view kind) {
  const Value* found = next(info);
  if (found == nullptr) return;
  if (const T* there = std::get_if<T>(&found->storage())) {
    field = *there;
  } else {
    refuse(info, fmt::format("is no {}", kind));
  }
}

void ObjectReader::value(const FieldInfo& info, bool& field) { take(info, field, "boolean"); }
void ObjectReader::value(const FieldInfo& info, std::string& field) {
  const Level& level = levels_.back();
  if (level.object != nullptr && level.object->find(info.name) == nullptr) {
    // A string that was not UTF-8 was written as base64.
    const Value* encoded = level.object->find(std::string(info.name) + "_base64");
    const std::string* text = encoded != nullptr ? encoded->string() : nullptr;
    if (const auto bytes = text != nullptr ? from_base64(*text) : std::nullopt) {
      field = to_string(*bytes);
      return;
    }
  }
  take(info, field, "string");
}

void ObjectReader::value(const FieldInfo& info, std::int64_t& field) {
  const Value* found = next(info);
  if (found == nullptr) return;
  if (const auto* whole = std::get_if<std::int64_t>(&found->storage())) {
    field = *whole;
  } else if (const auto* natural = std::get_if<std::uint64_t>(&found->storage());
             natural != nullptr && std::in_range<std::int64_t>(*natural)) {
    field = static_cast<std::int64_t>(*natural);
  } else {
    refuse(info, "is no whole number");
  }
}

void ObjectReader::value(const FieldInfo& info, std::uint64_t& field) {
  const Value* found = next(info);
  if (found == nullptr) return;
  if (const auto* natural = std::get_if<std::uint64_t>(&found->storage())) {
    field = *natural;
  } else if (const auto* whole = std::get_if<std::int64_t>(&found->storage());
             whole != nullptr && *whole >= 0) {
    field = static_cast<std::uint64_t>(*whole);
  } else {
    refuse(info, "is no whole number from 0");
  }
}

void ObjectReader::value(const FieldInfo& info, double& field) {
  const Value* found = next(info);
  if (found == nullptr) return;
  if (const auto* real = std::get_if<double>(&found->storage())) {
    field = *real;
  } else if (const auto* whole = std::get_if<std::int64_t>(&found->storage())) {
    field = static_cast<double>(*whole);
  } else if (const auto* natural = std::get_if<std::uint64_t>(&found->storage())) {
    field = static_cast<double>(*natural);
  } else {
    refuse(info, "is no number");
  }
}

void ObjectReader::value(const FieldInfo& info, Bytes& field) {
  // Documents carry bytes as base64; open content that never left the program has them as they are.
  take(info, field, "bytes");
}

void ObjectReader::value(const FieldInfo& info, Value& field) {
  if (const Value* found = next(info)) field = *found;
}

void ObjectReader::begin_object(const FieldInfo& info, bool) {
  const Value* found = next(info);
  const Object* object = found != nullptr ? found->object() : nullptr;
  if (found != nullptr && object == nullptr) refuse(info, "is no object");
  const Level& outer = levels_.back();
  std::string name = outer.array != nullptr ? fmt::format("[{}]", outer.index - 1)
                                            : std::string(levels_.size() > 1 ? "." : "");
  name += info.name;
  levels_.push_back({.object = object, .name = std::move(name)});
}
void ObjectReader::end_object() { levels_.pop_back(); }

std::size_t ObjectReader::begin_list(const FieldInfo& info, std::size_t) {
  const Value* found = next(info);
  const Array* array = found != nullptr ? found->array() : nullptr;
  if (found != nullptr && array == nullptr) refuse(info, "is no list");
  std::string name = levels_.size() > 1 ? "." : "";
  name += info.name;
  levels_.push_back({.array = array, .name = std::move(name)});
  return array != nullptr ? array->size() : 0;
}
void ObjectReader::end_list() { levels_.pop_back(); }

void describe_outcome(FieldVisitor& v, Address& device, const std::optional<Error>& error,
                      std::string& step) {
  bool ok = !error.has_value();
  std::optional<std::string> code;
  std::optional<std::string> failed_step;
  if (error) {
    code = error->stable_code();
    failed_step = step;
  }
  v("device", device, "the address, as it was found or given");
  v("ok", ok, "true when all was done");
  v("code", code, "of a failure: stable, dotted; see errors");
  v("step", failed_step, "of a failure: the step that failed");
  if (failed_step) step = *failed_step;
}

}  // namespace aiot
