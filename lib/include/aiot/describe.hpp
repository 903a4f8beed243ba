#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "aiot/address.hpp"
#include "aiot/export.hpp"
#include "aiot/value.hpp"

/// One description per result struct, from which its JSON, its JSON Schema and the reading of
/// earlier results are derived.
///
/// A struct `T` is described by one function beside the job that makes it, found by its argument:
///
///     void describe(FieldVisitor& v, T& t) {
///       v("size_bytes", t.size_bytes, "of all files");
///       v("partition", t.partition, "label in the device's own table");  // std::optional
///       v.choice("state", t.state, state_names, "what became of it");    // an enum
///     }
///
/// Fields come in this order in JSON. Names end in their unit: `_bytes`, `_s`, `_us`, `_bps`.
namespace aiot {

/// When a field that is no std::optional is written.
enum class Presence {
  always,
  if_set,  ///< not while it is empty: a string, a list, an object; not while it is false or 0
};

/// One field of a described struct. An element of a list has no name.
struct FieldInfo {
  std::string_view name;
  std::string_view doc;  ///< for people, one line
  bool optional = false;
  std::span<const std::string_view> choices = {};  ///< all that a string can be; empty: anything
  bool any_bytes = false;  ///< a string that need not be UTF-8
};

/// Walks over the fields of a described struct. Writers, the maker of schemas and readers derive
/// from it; a description never knows which of them it serves.
class AIOT_API FieldVisitor {
 public:
  virtual ~FieldVisitor();
  FieldVisitor(const FieldVisitor&) = delete;
  FieldVisitor& operator=(const FieldVisitor&) = delete;

  /// A field: a scalar, std::string, Bytes, Address, Value, Object, Array, a described struct, or a
  /// std::optional, std::vector or std::map (by name) of these.
  template <class T>
  void operator()(std::string_view name, T& field, std::string_view doc,
                  Presence presence = Presence::always) {
    FieldInfo info{name, doc, presence == Presence::if_set};
    if (purpose_ == Purpose::write && presence == Presence::if_set && is_unset(field)) return;
    if (purpose_ == Purpose::read && presence == Presence::if_set && !is_present(info)) return;
    dispatch(info, field);
  }
  /// A string from a device: when it is not UTF-8, JSON has it as base64 under NAME_base64.
  void text(std::string_view name, std::string& field, std::string_view doc,
            Presence presence = Presence::always) {
    if (purpose_ == Purpose::write && presence == Presence::if_set && field.empty()) return;
    FieldInfo info{name, doc, presence == Presence::if_set, {}, true};
    if (purpose_ != Purpose::read || is_present(info)) value(info, field);
  }
  void text(std::string_view name, std::optional<std::string>& field, std::string_view doc) {
    optional({name, doc, true, {}, true}, field,
             [this](const FieldInfo& info, std::string& there) { value(info, there); });
  }
  /// Strings from a device: an element that is not UTF-8 is an object with `base64` in JSON.
  void text(std::string_view name, std::vector<std::string>& field, std::string_view doc,
            Presence presence = Presence::always) {
    FieldInfo info{name, doc, presence == Presence::if_set, {}, true};
    if (purpose_ == Purpose::write && presence == Presence::if_set && field.empty()) return;
    if (purpose_ == Purpose::read && presence == Presence::if_set && !is_present(info)) return;
    composite(info, field);
  }
  /// Open content that may be a string from a device, which need not be UTF-8.
  void any(std::string_view name, Value& field, std::string_view doc) {
    value({name, doc, false, {}, true}, field);
  }
  /// A string that is one of `choices`.
  void one_of(std::string_view name, std::string& field, std::span<const std::string_view> choices,
              std::string_view doc) {
    dispatch({name, doc, false, choices}, field);
  }
  /// An enum whose enumerators count from 0, written as `names[enumerator]`.
  template <class E>
    requires std::is_enum_v<E>
  void choice(std::string_view name, E& field, std::span<const std::string_view> names,
              std::string_view doc) {
    enumerator({name, doc, false, names}, field);
  }
  template <class E>
    requires std::is_enum_v<E>
  void choice(std::string_view name, std::optional<E>& field,
              std::span<const std::string_view> names, std::string_view doc) {
    optional({name, doc, true, names}, field,
             [this](const FieldInfo& info, E& there) { enumerator(info, there); });
  }

 protected:
  enum class Purpose {
    write,   ///< the values matter, and stay as they are
    schema,  ///< the types matter: optional fields and the first element of a list are made up
    read,    ///< the fields are filled
  };
  explicit FieldVisitor(Purpose purpose) : purpose_(purpose) {}

  virtual void value(const FieldInfo& info, bool& field) = 0;
  virtual void value(const FieldInfo& info, std::int64_t& field) = 0;
  virtual void value(const FieldInfo& info, std::uint64_t& field) = 0;
  virtual void value(const FieldInfo& info, double& field) = 0;
  virtual void value(const FieldInfo& info, std::string& field) = 0;
  virtual void value(const FieldInfo& info, Bytes& field) = 0;
  /// Open content: whatever JSON can say.
  virtual void value(const FieldInfo& info, Value& field) = 0;
  /// The fields of a struct, or of a map (`open`: their names are data), come between these two.
  virtual void begin_object(const FieldInfo& info, bool open) = 0;
  virtual void end_object() = 0;
  /// A list of `size` elements is about to come; returns how many shall be visited.
  virtual std::size_t begin_list(const FieldInfo& info, std::size_t size) = 0;
  virtual void end_list() = 0;
  /// Purpose::read only: the field is there; of the object that is read, its fields' names; the
  /// value of the field is beyond what the struct can hold.
  virtual bool is_present(const FieldInfo& info);
  virtual std::vector<std::string> names();
  virtual void refuse(const FieldInfo& info, std::string_view why);

 private:
  template <class T>
  static bool is_unset(const T& field) {
    if constexpr (std::is_arithmetic_v<T>) {
      return field == T{};
    } else if constexpr (requires { field.empty(); }) {
      return field.empty();
    } else {
      return false;
    }
  }

  template <class T>
  void dispatch(const FieldInfo& info, T& field) {
    if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, double> ||
                  std::is_same_v<T, std::string> || std::is_same_v<T, Bytes> ||
                  std::is_same_v<T, Value> || std::is_same_v<T, std::int64_t> ||
                  std::is_same_v<T, std::uint64_t>) {
      value(info, field);
    } else if constexpr (std::is_floating_point_v<T>) {
      auto wide = static_cast<double>(field);
      value(info, wide);
      field = static_cast<T>(wide);
    } else if constexpr (std::is_unsigned_v<T>) {
      integer<std::uint64_t>(info, field);
    } else if constexpr (std::is_integral_v<T>) {
      integer<std::int64_t>(info, field);
    } else if constexpr (std::is_same_v<T, Object> || std::is_same_v<T, Array>) {
      open(info, field);
    } else if constexpr (std::is_same_v<T, Address>) {
      address(info, field);
    } else {
      composite(info, field);
    }
  }
  template <class T>
  void composite(const FieldInfo& info, T& described) {
    begin_object(info, false);
    describe(*this, described);
    end_object();
  }
  template <class T>
  void composite(const FieldInfo& info, std::optional<T>& field) {
    optional(info, field, [this](const FieldInfo& i, T& there) { dispatch(i, there); });
  }
  template <class T>
  void composite(const FieldInfo& info, std::vector<T>& list) {
    const std::size_t size = begin_list(info, list.size());
    // A schema needs an element to look at; a reader, room to read into.
    std::vector<T> made(purpose_ == Purpose::write ? 0 : size);
    std::vector<T>& elements = purpose_ == Purpose::write ? list : made;
    const FieldInfo element{{}, {}, false, info.choices, info.any_bytes};
    for (std::size_t i = 0; i < size && i < elements.size(); ++i) dispatch(element, elements[i]);
    end_list();
    if (purpose_ == Purpose::read) list = std::move(made);
  }
  template <class T>
  void composite(const FieldInfo& info, std::map<std::string, T>& map) {
    begin_object(info, true);
    if (purpose_ == Purpose::read) {
      for (const std::string& name : names()) dispatch({name, {}, true}, map[name]);
    } else if (purpose_ == Purpose::schema) {
      T made{};
      dispatch({}, made);
    } else {
      for (auto& [name, field] : map) dispatch({name, {}, true}, field);
    }
    end_object();
  }
  template <class T, class Visit>
  void optional(FieldInfo info, std::optional<T>& field, const Visit& visit) {
    info.optional = true;
    if (purpose_ == Purpose::write) {
      if (field) visit(info, *field);
    } else if (purpose_ == Purpose::schema) {
      T made{};
      visit(info, made);
    } else if (is_present(info)) {
      visit(info, field.emplace());
    }
  }
  template <class Wide, class T>
  void integer(const FieldInfo& info, T& field) {
    auto wide = static_cast<Wide>(field);
    value(info, wide);
    if (purpose_ != Purpose::read) return;
    if (!std::in_range<T>(wide)) return refuse(info, "is out of range");
    field = static_cast<T>(wide);
  }
  template <class E>
  void enumerator(const FieldInfo& info, E& field) {
    std::string name(info.choices[static_cast<std::size_t>(field)]);
    value(info, name);
    if (purpose_ != Purpose::read) return;
    for (std::size_t i = 0; i < info.choices.size(); ++i) {
      if (info.choices[i] == name) {
        field = static_cast<E>(i);
        return;
      }
    }
    refuse(info, "is none of its choices");
  }
  void open(const FieldInfo& info, Object& field);
  void open(const FieldInfo& info, Array& field);
  void address(const FieldInfo& info, Address& field);

  Purpose purpose_;
};

/// A described struct that stands on its own: what `"schema"` says, and what people call it.
struct SchemaInfo {
  std::string_view name;   ///< such as "aiot.flash/1"
  std::string_view title;  ///< one line
  bool is_document = true;  ///< the `data` of a command's one document; else a line or a part of one
};

}  // namespace aiot
