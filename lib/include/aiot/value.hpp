#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "aiot/bytes.hpp"
#include "aiot/export.hpp"

namespace aiot {

class Value;
using Array = std::vector<Value>;
/// Ordered fields of an object; `set` keeps the order of first mention.
class AIOT_API Object {
 public:
  using Field = std::pair<std::string, Value>;
  Object();
  Object(std::initializer_list<Field> fields);
  Object(const Object&);
  Object(Object&&) noexcept;
  Object& operator=(const Object&);
  Object& operator=(Object&&) noexcept;
  ~Object();

  Object& set(std::string name, Value value);
  /// The same for a name that is not there yet: what fills many objects in a hurry.
  Object& add(std::string name, Value value);
  void reserve(std::size_t fields);
  const Value* find(std::string_view name) const;
  const std::vector<Field>& fields() const { return fields_; }
  bool empty() const;
  /// The same fields in the same order.
  friend AIOT_API bool operator==(const Object& a, const Object& b);

 private:
  std::vector<Field> fields_;
};

/// One value of a record: what JSON can say, plus bytes. Strings that are not UTF-8 and bytes are
/// written by the JSON renderer as base64 under `NAME_base64`.
class AIOT_API Value {
 public:
  using Storage = std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double,
                               std::string, Bytes, Array, Object>;
  Value() : storage_(nullptr) {}
  Value(std::nullptr_t) : storage_(nullptr) {}
  Value(bool b) : storage_(b) {}
  Value(int n) : storage_(static_cast<std::int64_t>(n)) {}
  Value(long n) : storage_(static_cast<std::int64_t>(n)) {}
  Value(long long n) : storage_(static_cast<std::int64_t>(n)) {}
  Value(unsigned n) : storage_(static_cast<std::uint64_t>(n)) {}
  Value(unsigned long n) : storage_(static_cast<std::uint64_t>(n)) {}
  Value(unsigned long long n) : storage_(static_cast<std::uint64_t>(n)) {}
  Value(double d) : storage_(d) {}
  Value(const char* s) : storage_(std::string(s)) {}
  Value(std::string_view s) : storage_(std::string(s)) {}
  Value(std::string s) : storage_(std::move(s)) {}
  Value(Bytes b) : storage_(std::move(b)) {}
  Value(Array a) : storage_(std::move(a)) {}
  Value(Object o) : storage_(std::move(o)) {}

  const Storage& storage() const { return storage_; }
  /// The string, number, array or object inside, or null when it is another kind.
  const std::string* string() const { return std::get_if<std::string>(&storage_); }
  const Array* array() const { return std::get_if<Array>(&storage_); }
  const Object* object() const { return std::get_if<Object>(&storage_); }
  /// Of one kind, and equal: 1 is not 1.0.
  friend AIOT_API bool operator==(const Value& a, const Value& b);

 private:
  Storage storage_;
};

}  // namespace aiot
