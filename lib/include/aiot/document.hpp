#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "aiot/describe.hpp"
#include "aiot/export.hpp"
#include "aiot/result.hpp"
#include "aiot/value.hpp"

namespace aiot {

/// A typed result of any job, as events and renderers pass it on. Cheap to copy; never changes.
///
/// Holds any struct T with, in T's namespace, `SchemaInfo schema_of(const T&)` and
/// `void describe(FieldVisitor&, T&)`.
class AIOT_API Document {
 public:
  Document() = default;
  template <class T>
    requires requires(const T& value) {
      { schema_of(value) } -> std::same_as<SchemaInfo>;
    }
  Document(T value) : content_(std::make_shared<Holder<T>>(std::move(value))) {}

  /// There is a result.
  explicit operator bool() const { return content_ != nullptr; }
  /// The struct, or nullptr when it is of another type.
  template <class T>
  const T* get() const {
    const auto* holder = dynamic_cast<const Holder<T>*>(content_.get());
    return holder != nullptr ? &holder->value : nullptr;
  }
  /// Its schema's name, such as "aiot.flash/1"; "" without a result.
  std::string_view schema() const;
  /// Visits its fields; `visitor` writes, and changes nothing.
  void visit(FieldVisitor& visitor) const;
  /// The same as open content.
  Object fields() const;

 private:
  struct AIOT_API Content {
    virtual ~Content();
    virtual SchemaInfo schema() const = 0;
    virtual void visit(FieldVisitor& visitor) = 0;
  };
  template <class T>
  struct Holder final : Content {
    explicit Holder(T v) : value(std::move(v)) {}
    SchemaInfo schema() const override { return schema_of(value); }
    void visit(FieldVisitor& visitor) override { describe(visitor, value); }
    T value;
  };

  std::shared_ptr<Content> content_;
};

/// Writes the fields of a described struct as open content.
class AIOT_API ObjectWriter final : public FieldVisitor {
 public:
  ObjectWriter();
  ~ObjectWriter() override;
  Object take();

 private:
  void value(const FieldInfo& info, bool& field) override;
  void value(const FieldInfo& info, std::int64_t& field) override;
  void value(const FieldInfo& info, std::uint64_t& field) override;
  void value(const FieldInfo& info, double& field) override;
  void value(const FieldInfo& info, std::string& field) override;
  void value(const FieldInfo& info, Bytes& field) override;
  void value(const FieldInfo& info, Value& field) override;
  void begin_object(const FieldInfo& info, bool open) override;
  void end_object() override;
  std::size_t begin_list(const FieldInfo& info, std::size_t size) override;
  void end_list() override;

  void put(const FieldInfo& info, Value value);
  struct Level {
    std::string name;
    Value content;  ///< an Object or an Array
  };
  std::vector<Level> levels_;
};

/// The fields of a described struct, as open content. `described` stays as it is.
template <class T>
Object fields_of(const T& described) {
  ObjectWriter writer;
  describe(writer, const_cast<T&>(described));  // writers change nothing
  return writer.take();
}

/// Fills a described struct from open content: an earlier result, another command's output.
class AIOT_API ObjectReader final : public FieldVisitor {
 public:
  enum class Missing {
    refused,  ///< a field that is not optional and not there is a complaint
    allowed,  ///< it keeps its value: an earlier version may not have written it
  };
  explicit ObjectReader(const Object& object, Missing missing = Missing::refused);
  ~ObjectReader() override;
  /// The first complaint, such as "models[0].latency.p50_us is missing"; "" for none.
  const std::string& complaint() const { return complaint_; }

 private:
  void value(const FieldInfo& info, bool& field) override;
  void value(const FieldInfo& info, std::int64_t& field) override;
  void value(const FieldInfo& info, std::uint64_t& field) override;
  void value(const FieldInfo& info, double& field) override;
  void value(const FieldInfo& info, std::string& field) override;
  void value(const FieldInfo& info, Bytes& field) override;
  void value(const FieldInfo& info, Value& field) override;
  void begin_object(const FieldInfo& info, bool open) override;
  void end_object() override;
  std::size_t begin_list(const FieldInfo& info, std::size_t size) override;
  void end_list() override;
  bool is_present(const FieldInfo& info) override;
  std::vector<std::string> names() override;
  void refuse(const FieldInfo& info, std::string_view why) override;

  /// The value of the next field; nullptr (and a complaint) where it is missing.
  const Value* next(const FieldInfo& info);
  template <class T>
  void take(const FieldInfo& info, T& field, std::string_view kind);

  struct Level {
    const Object* object = nullptr;  ///< nullptr: a list, or what is missing
    const Array* array = nullptr;
    std::size_t index = 0;  ///< of the array, the next
    std::string name;
  };
  std::vector<Level> levels_;
  Missing missing_;
  std::string complaint_;
};

}  // namespace aiot
