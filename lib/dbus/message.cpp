#include "dbus/message.hpp"

#include <array>
#include <charconv>
#include <fmt/format.h>
#include <limits>
#include <string>

namespace aiot::dbus {
namespace {

constexpr ErrorRow rows[] = {
    {Errc::no_bus, "dbus.no_bus", "the system bus does not run here", Condition::resource},
    {Errc::no_service, "dbus.no_service", "the service does not run", Condition::resource},
    {Errc::denied, "dbus.denied", "this user may not ask the service", Condition::resource},
    {Errc::not_ready, "dbus.not_ready", "not ready", Condition::resource, true},
    {Errc::in_progress, "dbus.in_progress", "under way already", Condition::resource, true},
    {Errc::no_object, "dbus.no_object", "the service has no such thing", Condition::no_match},
    {Errc::refused, "dbus.refused", "the service refused", Condition::protocol},
    {Errc::bad_message, "dbus.bad_message", "a message that does not fit its description",
     Condition::protocol},
};
const ErrorTable table("dbus", rows);

/// How errors are named: by the bus (D-Bus specification 0.41), BlueZ, NetworkManager and
/// wpa_supplicant, which end theirs alike.
struct Ending {
  std::string_view text;
  Errc meaning;
};
constexpr std::array<Ending, 17> endings = {{
    {".ServiceUnknown", Errc::no_service},
    {".NameHasNoOwner", Errc::no_service},
    {".NoSuchUnit", Errc::no_service},
    {".UnitMasked", Errc::no_service},
    {".Disconnected", Errc::no_service},
    {".NoReply", Errc::no_service},
    {".AccessDenied", Errc::denied},
    {".AuthFailed", Errc::denied},
    {".NotAuthorized", Errc::denied},
    {".PermissionDenied", Errc::denied},
    {".InteractiveAuthorizationRequired", Errc::denied},
    {".NotReady", Errc::not_ready},
    {".InProgress", Errc::in_progress},
    {".UnknownObject", Errc::no_object},
    {".UnknownMethod", Errc::no_object},
    {".UnknownInterface", Errc::no_object},
    {".DoesNotExist", Errc::no_object},
}};

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), table}; }

Error error_of(std::string_view name, std::string_view text) {
  Errc meaning = Errc::refused;
  for (const Ending& ending : endings) {
    if (name.ends_with(ending.text)) meaning = ending.meaning;
  }
  std::string context(name);
  if (!text.empty()) context += fmt::format(" ({})", text);
  return make_error(meaning, std::move(context));
}

Result<const Library*> Library::get() {
  static const Result<Library> opened =
      load_functions<Library>("libsystemd.so.0", "libsystemd0", "libsystemd0 of systemd 241");
  if (!opened) return opened.error();
  return &*opened;
}

namespace {

Error bad(std::string_view what) { return make_error(Errc::bad_message, std::string(what)); }

/// A basic type by its size in the message.
template <class T>
Result<Value> read_number(const Library& library, sd_bus_message* message, char type) {
  T number{};
  if (library.read_basic(message, type, &number) <= 0) return bad("a number");
  if constexpr (std::is_floating_point_v<T>) {
    return Value(number);
  } else if constexpr (std::is_signed_v<T>) {
    return Value(static_cast<std::int64_t>(number));
  } else {
    return Value(static_cast<std::uint64_t>(number));
  }
}

std::string key_text(const Value& key) {
  if (const std::string* text = key.string()) return *text;
  if (const auto* number = std::get_if<std::uint64_t>(&key.storage()))
    return std::to_string(*number);
  if (const auto* number = std::get_if<std::int64_t>(&key.storage()))
    return std::to_string(*number);
  return {};
}

Result<Value> read_value(const Library& library, sd_bus_message* message);

Result<Value> read_dictionary(const Library& library, sd_bus_message* message,
                              const std::string& contents) {
  Object out;
  if (library.enter_container(message, 'a', contents.c_str()) < 0) return bad("a dictionary");
  const std::string entry = contents.substr(1, contents.size() - 2);
  int entered = 0;
  while ((entered = library.enter_container(message, 'e', entry.c_str())) > 0) {
    AIOT_TRY(const Value key, read_value(library, message));
    AIOT_TRY(Value value, read_value(library, message));
    out.set(key_text(key), std::move(value));
    if (library.exit_container(message) < 0) return bad("a dictionary's entry");
  }
  if (entered < 0 || library.exit_container(message) < 0) return bad("a dictionary");
  return Value(std::move(out));
}

/// The rest of the container that was entered.
Result<Array> read_rest(const Library& library, sd_bus_message* message) {
  Array out;
  char type = 0;
  const char* contents = nullptr;
  int more = 0;
  while ((more = library.peek_type(message, &type, &contents)) > 0) {
    AIOT_TRY(Value value, read_value(library, message));
    out.push_back(std::move(value));
  }
  if (more < 0) return bad("a list");
  return out;
}

Result<Value> read_array(const Library& library, sd_bus_message* message,
                         const std::string& contents) {
  if (contents.starts_with('{')) return read_dictionary(library, message, contents);
  if (contents == "y") {
    const void* data = nullptr;
    std::size_t size = 0;
    if (library.read_array(message, 'y', &data, &size) < 0) return bad("bytes");
    const auto* bytes = static_cast<const std::uint8_t*>(data);
    return Value(size == 0 ? Bytes() : Bytes(bytes, bytes + size));
  }
  if (library.enter_container(message, 'a', contents.c_str()) < 0) return bad("an array");
  AIOT_TRY(Array elements, read_rest(library, message));
  if (library.exit_container(message) < 0) return bad("an array");
  return Value(std::move(elements));
}

Result<Value> read_value(const Library& library, sd_bus_message* message) {
  char type = 0;
  const char* inner = nullptr;
  if (library.peek_type(message, &type, &inner) <= 0) return bad("a value");
  const std::string contents = inner == nullptr ? "" : inner;
  switch (type) {
    case 'y': return read_number<std::uint8_t>(library, message, type);
    case 'n': return read_number<std::int16_t>(library, message, type);
    case 'q': return read_number<std::uint16_t>(library, message, type);
    case 'i': return read_number<std::int32_t>(library, message, type);
    case 'u': return read_number<std::uint32_t>(library, message, type);
    case 'x': return read_number<std::int64_t>(library, message, type);
    case 't': return read_number<std::uint64_t>(library, message, type);
    case 'd': return read_number<double>(library, message, type);
    case 'b': {
      int truth = 0;
      if (library.read_basic(message, type, &truth) <= 0) return bad("a truth value");
      return Value(truth != 0);
    }
    case 's':
    case 'o':
    case 'g': {
      const char* text = nullptr;
      if (library.read_basic(message, type, &text) <= 0) return bad("text");
      return Value(text);
    }
    case 'h': {
      int descriptor = -1;  // stays with the message, which closes it
      if (library.read_basic(message, type, &descriptor) <= 0) return bad("a descriptor");
      return Value();
    }
    case 'a': return read_array(library, message, contents);
    case 'v':
    case 'r': {
      if (library.enter_container(message, type, contents.c_str()) < 0) return bad("a container");
      AIOT_TRY(Array fields, read_rest(library, message));
      if (library.exit_container(message) < 0) return bad("a container");
      if (type == 'r') return Value(std::move(fields));
      return fields.empty() ? Value() : std::move(fields.front());
    }
    default: return bad(fmt::format("a value of type {}", type));
  }
}

/// The length of the complete type that `signature` begins with; 0 when it is none.
std::size_t one_type(std::string_view signature) {
  if (signature.empty()) return 0;
  if (signature[0] == 'a') {
    const std::size_t element = one_type(signature.substr(1));
    return element == 0 ? 0 : element + 1;
  }
  const char open = signature[0];
  if (open != '{' && open != '(') return 1;
  const char close = open == '{' ? '}' : ')';
  std::size_t depth = 0;
  for (std::size_t i = 0; i < signature.size(); ++i) {
    if (signature[i] == open) ++depth;
    if (signature[i] == close && --depth == 0) return i + 1;
  }
  return 0;
}

template <class T>
Result<void> append_number(const Library& library, sd_bus_message* message, char type,
                           const Value& value) {
  T number{};
  if (const auto* u = std::get_if<std::uint64_t>(&value.storage())) {
    number = static_cast<T>(*u);
  } else if (const auto* i = std::get_if<std::int64_t>(&value.storage())) {
    number = static_cast<T>(*i);
  } else {
    return bad("a number is wanted");
  }
  if (library.append_basic(message, type, &number) < 0) return bad("a number");
  return {};
}

Result<void> append_value(const Library& library, sd_bus_message* message, std::string_view type,
                          const Value& value);

/// Begins the name of the one field of a typed() value; the signature follows.
constexpr char typed_mark = '\x1f';

/// The field of a typed() value, nullptr for any other.
const Object::Field* typed_field(const Value& value) {
  const Object* object = value.object();
  if (object == nullptr || object->fields().size() != 1) return nullptr;
  const Object::Field& field = object->fields().front();
  return field.first.starts_with(typed_mark) ? &field : nullptr;
}

std::string_view type_of(const Value& value) {
  if (value.string() != nullptr) return "s";
  if (value.array() != nullptr) return "as";
  if (value.object() != nullptr) return "a{sv}";
  if (std::holds_alternative<bool>(value.storage())) return "b";
  if (std::holds_alternative<std::uint64_t>(value.storage())) return "u";
  if (std::holds_alternative<std::int64_t>(value.storage())) return "i";
  if (std::holds_alternative<Bytes>(value.storage())) return "ay";
  return {};
}

/// The key of a dictionary from its text, as key_text() wrote it.
Value key_of(char type, const std::string& text) {
  if (type == 's' || type == 'o') return text;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return number;
}

Result<void> append_array(const Library& library, sd_bus_message* message, std::string_view type,
                          const Value& value) {
  if (const auto* bytes = std::get_if<Bytes>(&value.storage())) {
    if (type != "ay" || library.append_array(message, 'y', bytes->data(), bytes->size()) < 0)
      return bad("bytes");
    return {};
  }
  const std::string element(type.substr(1));
  if (library.open_container(message, 'a', element.c_str()) < 0) return bad("an array");
  if (const Object* object = value.object()) {
    if (element.size() < 4 || element[0] != '{') return bad("no dictionary is wanted");
    const std::string entry = element.substr(1, element.size() - 2);
    for (const auto& [name, field] : object->fields()) {
      if (library.open_container(message, 'e', entry.c_str()) < 0)
        return bad("a dictionary's entry");
      AIOT_CHECK(append_value(library, message, entry.substr(0, 1), key_of(entry[0], name)));
      AIOT_CHECK(append_value(library, message, std::string_view(entry).substr(1), field));
      if (library.close_container(message) < 0) return bad("a dictionary's entry");
    }
  } else if (const Array* elements = value.array()) {
    for (const Value& one : *elements) {
      AIOT_CHECK(append_value(library, message, element, one));
    }
  } else {
    return bad("a list is wanted");
  }
  if (library.close_container(message) < 0) return bad("an array");
  return {};
}

Result<void> append_value(const Library& library, sd_bus_message* message, std::string_view type,
                          const Value& value) {
  switch (type[0]) {
    case 'y': return append_number<std::uint8_t>(library, message, 'y', value);
    case 'n': return append_number<std::int16_t>(library, message, 'n', value);
    case 'q': return append_number<std::uint16_t>(library, message, 'q', value);
    case 'i': return append_number<std::int32_t>(library, message, 'i', value);
    case 'u': return append_number<std::uint32_t>(library, message, 'u', value);
    case 'x': return append_number<std::int64_t>(library, message, 'x', value);
    case 't': return append_number<std::uint64_t>(library, message, 't', value);
    case 'b': {
      const bool* truth = std::get_if<bool>(&value.storage());
      if (truth == nullptr) return bad("a truth value is wanted");
      const int number = *truth ? 1 : 0;
      if (library.append_basic(message, 'b', &number) < 0) return bad("a truth value");
      return {};
    }
    case 's':
    case 'o': {
      const std::string* text = value.string();
      if (text == nullptr || library.append_basic(message, type[0], text->c_str()) < 0)
        return bad("text");
      return {};
    }
    case 'v': {
      if (const auto* field = typed_field(value)) {
        const std::string_view inside = std::string_view(field->first).substr(1);
        if (one_type(inside) != inside.size() ||
            library.open_container(message, 'v', field->first.c_str() + 1) < 0)
          return bad("a variant");
        AIOT_CHECK(append_value(library, message, inside, field->second));
        if (library.close_container(message) < 0) return bad("a variant");
        return {};
      }
      const std::string inside(type_of(value));
      if (inside.empty() || library.open_container(message, 'v', inside.c_str()) < 0)
        return bad("a variant");
      AIOT_CHECK(append_value(library, message, inside, value));
      if (library.close_container(message) < 0) return bad("a variant");
      return {};
    }
    case 'a': return append_array(library, message, type, value);
    case '(': {
      const std::string inside(type.substr(1, type.size() - 2));
      if (value.array() == nullptr || library.open_container(message, 'r', inside.c_str()) < 0)
        return bad("a structure");
      AIOT_CHECK(append_arguments(library, message, inside, *value.array()));
      if (library.close_container(message) < 0) return bad("a structure");
      return {};
    }
    default: return bad(fmt::format("the type {}", type));
  }
}

}  // namespace

Value typed(std::string_view signature, Value value) {
  return Object{{typed_mark + std::string(signature), std::move(value)}};
}

Result<Array> read_arguments(const Library& library, sd_bus_message* message) {
  return read_rest(library, message);
}

Result<void> append_arguments(const Library& library, sd_bus_message* message,
                              std::string_view signature, const Array& arguments) {
  for (const Value& argument : arguments) {
    const std::size_t size = one_type(signature);
    if (size == 0) return bad("more arguments than the signature has types");
    AIOT_CHECK(append_value(library, message, signature.substr(0, size), argument));
    signature.remove_prefix(size);
  }
  if (!signature.empty()) return bad("fewer arguments than the signature has types");
  return {};
}

}  // namespace aiot::dbus
