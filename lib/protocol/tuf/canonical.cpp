#include "protocol/tuf/canonical.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace aiot::tuf {
namespace json = boost::json;
namespace {

constexpr std::size_t max_depth = 32;

class Writer {
 public:
  explicit Writer(bool raw_strings) : raw_strings_(raw_strings) {}

  bool write(const json::value& value) {
    switch (value.kind()) {
      case json::kind::object: return write_object(value.get_object());
      case json::kind::array: return write_array(value.get_array());
      case json::kind::string: return write_string(value.get_string());
      case json::kind::double_: return false;
      default: out_ += json::serialize(value); return true;
    }
  }
  std::string take() { return std::move(out_); }

 private:
  bool write_object(const json::object& object) {
    std::vector<const json::key_value_pair*> fields;
    fields.reserve(object.size());
    for (const auto& field : object) fields.push_back(&field);
    std::ranges::sort(fields, {}, [](const auto* field) { return std::string_view(field->key()); });
    out_ += '{';
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (i > 0) out_ += ',';
      write_string(fields[i]->key());
      out_ += ':';
      if (!write(fields[i]->value())) return false;
    }
    out_ += '}';
    return true;
  }
  bool write_array(const json::array& array) {
    out_ += '[';
    for (std::size_t i = 0; i < array.size(); ++i) {
      if (i > 0) out_ += ',';
      if (!write(array[i])) return false;
    }
    out_ += ']';
    return true;
  }
  bool write_string(std::string_view text) {
    if (!raw_strings_) {
      out_ += json::serialize(json::string_view(text));
      return true;
    }
    out_ += '"';
    for (const char c : text) {
      if (c == '"' || c == '\\') out_ += '\\';
      out_ += c;
    }
    out_ += '"';
    return true;
  }

  bool raw_strings_;
  std::string out_;
};

}  // namespace

Result<json::value> parse_json(ByteSpan text) {
  json::parse_options options;
  options.max_depth = max_depth;
  boost::system::error_code error;
  json::value value =
      json::parse({reinterpret_cast<const char*>(text.data()), text.size()}, error, {}, options);
  if (error) {
    return make_error(Errc::bad_metadata, error.message(),
                      "check that the URL is that of a TUF repository");
  }
  return value;
}

Result<Bytes> canonical(const json::value& value) {
  Writer writer(true);
  if (!writer.write(value)) {
    return make_error(Errc::bad_metadata, "a number is not whole",
                      "use whole numbers: signatures are not defined for others");
  }
  const std::string text = writer.take();
  return Bytes(text.begin(), text.end());
}

std::string compact(const json::value& value) {
  Writer writer(false);
  writer.write(value);
  return writer.take();
}

}  // namespace aiot::tuf
