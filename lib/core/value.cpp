#include "aiot/value.hpp"

#include <algorithm>

namespace aiot {

Object::Object() = default;
Object::Object(std::initializer_list<Field> fields) : fields_(fields) {}
Object::Object(const Object&) = default;
Object::Object(Object&&) noexcept = default;
Object& Object::operator=(const Object&) = default;
Object& Object::operator=(Object&&) noexcept = default;
Object::~Object() = default;

Object& Object::set(std::string name, Value value) {
  for (auto& [key, old] : fields_) {
    if (key == name) {
      old = std::move(value);
      return *this;
    }
  }
  fields_.emplace_back(std::move(name), std::move(value));
  return *this;
}

Object& Object::add(std::string name, Value value) {
  fields_.emplace_back(std::move(name), std::move(value));
  return *this;
}

void Object::reserve(std::size_t fields) { fields_.reserve(fields); }

const Value* Object::find(std::string_view name) const {
  auto it = std::find_if(fields_.begin(), fields_.end(),
                         [&](const Field& field) { return field.first == name; });
  return it == fields_.end() ? nullptr : &it->second;
}

bool Object::empty() const { return fields_.empty(); }

bool operator==(const Object& a, const Object& b) { return a.fields_ == b.fields_; }
bool operator==(const Value& a, const Value& b) { return a.storage_ == b.storage_; }

}  // namespace aiot
