#include "render/json.hpp"

#include <fmt/format.h>

#include <cmath>
#include <iterator>
#include <optional>

#include "aiot/bytes.hpp"

namespace aiot::cli::render {
namespace {

void write(std::string& out, const Value& value);

/// True for what is legal in JSON but acts on a terminal: DEL, C1, bidirectional controls.
bool acts_on_terminal(char32_t c) {
  return (c >= 0x7F && c < 0xA0) || c == 0x061C || c == 0xFEFF || (c >= 0x200B && c <= 0x200F) ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F);
}

/// Legal in JSON as it is, and harmless everywhere.
constexpr bool is_plain(unsigned char c) { return c >= 0x20 && c < 0x7F && c != '"' && c != '\\'; }

/// By hand: a flood of control bytes has one for each byte.
void escape(std::string& out, char32_t point) {
  constexpr std::string_view digits = "0123456789abcdef";
  const char text[] = {'\\',
                       'u',
                       digits[point >> 12 & 15U],
                       digits[point >> 8 & 15U],
                       digits[point >> 4 & 15U],
                       digits[point & 15U]};
  out.append(text, sizeof text);
}

/// `text` is UTF-8. Most text is plain throughout: it is taken in long runs.
void write_string(std::string& out, std::string_view text) {
  out += '"';
  for (std::size_t i = 0; i < text.size();) {
    std::size_t run = i;
    while (run < text.size() && is_plain(static_cast<unsigned char>(text[run]))) ++run;
    out.append(text, i, run - i);
    i = run;
    if (i == text.size()) break;
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    char32_t point = length == 1 ? lead : lead & (0x7FU >> length);
    for (std::size_t k = 1; k < length; ++k) {
      point = point << 6 | (static_cast<unsigned char>(text[i + k]) & 0x3FU);
    }
    if (lead == '"' || lead == '\\') {
      out += '\\';
      out += text[i];
    } else if (lead == '\n') {
      out += "\\n";
    } else if (lead == '\t') {
      out += "\\t";
    } else if (lead < 0x20 || acts_on_terminal(point)) {
      escape(out, point);
    } else {
      out += text.substr(i, length);
    }
    i += length;
  }
  out += '"';
}

/// What must be written as base64; nullopt for everything else.
std::optional<ByteSpan> as_binary(const Value& value) {
  if (const auto* bytes = std::get_if<Bytes>(&value.storage())) return *bytes;
  const std::string* text = value.string();
  if (text && !is_utf8(*text)) return as_bytes(*text);
  return std::nullopt;
}

void write_base64_field(std::string& out, std::string_view name, ByteSpan bytes) {
  write_string(out, std::string(name) + "_base64");
  out += ":\"";
  out += to_base64(bytes);
  out += '"';
}

void write_object(std::string& out, const Object& object) {
  out += '{';
  const char* comma = "";
  for (const auto& [name, value] : object.fields()) {
    out += comma;
    comma = ",";
    if (const auto binary = as_binary(value)) {
      write_base64_field(out, name, *binary);
      continue;
    }
    write_string(out, name);
    out += ':';
    write(out, value);
  }
  out += '}';
}

void write_array(std::string& out, const Array& array) {
  out += '[';
  const char* comma = "";
  for (const Value& value : array) {
    out += comma;
    comma = ",";
    if (const auto binary = as_binary(value)) {
      out += fmt::format("{{\"base64\":\"{}\"}}", to_base64(*binary));
    } else {
      write(out, value);
    }
  }
  out += ']';
}

struct Writer {
  std::string& out;
  void operator()(std::nullptr_t) const { out += "null"; }
  void operator()(bool b) const { out += b ? "true" : "false"; }
  void operator()(std::int64_t n) const { fmt::format_to(std::back_inserter(out), "{}", n); }
  void operator()(std::uint64_t n) const { fmt::format_to(std::back_inserter(out), "{}", n); }
  void operator()(double d) const { out += std::isfinite(d) ? fmt::format("{}", d) : "null"; }
  void operator()(const std::string& s) const { write_string(out, s); }
  void operator()(const Bytes& b) const { out += fmt::format("\"{}\"", to_base64(b)); }
  void operator()(const Array& a) const { write_array(out, a); }
  void operator()(const Object& o) const { write_object(out, o); }
};

void write(std::string& out, const Value& value) { std::visit(Writer{out}, value.storage()); }

/// Writes a described struct as it is visited: there may be a flood of these.
class JsonWriter final : public FieldVisitor {
 public:
  explicit JsonWriter(std::string& out) : FieldVisitor(Purpose::write), out_(out) {}

 private:
  void value(const FieldInfo& info, bool& field) override {
    name(info);
    out_ += field ? "true" : "false";
  }
  void value(const FieldInfo& info, std::int64_t& field) override {
    name(info);
    Writer{out_}(field);
  }
  void value(const FieldInfo& info, std::uint64_t& field) override {
    name(info);
    Writer{out_}(field);
  }
  void value(const FieldInfo& info, double& field) override {
    name(info);
    Writer{out_}(field);
  }
  void value(const FieldInfo& info, std::string& field) override {
    if (!is_utf8(field)) return base64(info, as_bytes(field));
    name(info);
    write_string(out_, field);
  }
  void value(const FieldInfo& info, Bytes& field) override { base64(info, field); }
  void value(const FieldInfo& info, Value& field) override {
    if (const auto binary = as_binary(field)) return base64(info, *binary);
    name(info);
    write(out_, field);
  }
  void begin_object(const FieldInfo& info, bool) override { begin(info, '{'); }
  void end_object() override { end('}'); }
  std::size_t begin_list(const FieldInfo& info, std::size_t size) override {
    begin(info, '[');
    return size;
  }
  void end_list() override { end(']'); }

  void comma() {
    if (!first_) out_ += ',';
    first_ = false;
  }
  void name(const FieldInfo& info) {
    comma();
    if (in_list()) return;
    write_string(out_, info.name);
    out_ += ':';
  }
  void base64(const FieldInfo& info, ByteSpan bytes) {
    comma();
    if (!in_list()) return write_base64_field(out_, info.name, bytes);
    out_ += "{\"base64\":\"";
    out_ += to_base64(bytes);
    out_ += "\"}";
  }
  void begin(const FieldInfo& info, char bracket) {
    name(info);
    out_ += bracket;
    open_.push_back(bracket);
    first_ = true;
  }
  void end(char bracket) {
    out_ += bracket;
    open_.pop_back();
    first_ = false;
  }
  bool in_list() const { return !open_.empty() && open_.back() == '['; }

  std::string& out_;
  std::string open_;  ///< brackets
  bool first_ = true;
};

}  // namespace

std::string to_json(const Value& value) {
  std::string out;
  write(out, value);
  return out;
}

std::string to_json(const Object& object) {
  std::string out;
  write_object(out, object);
  return out;
}

void append_json(std::string& out, const Object& object) { write_object(out, object); }

void append_json(std::string& out, const Document& document) {
  out += '{';
  append_fields(out, document);
  out += '}';
}

void append_fields(std::string& out, const Document& document) {
  JsonWriter writer(out);
  document.visit(writer);
}

void append_json_field(std::string& out, std::string_view name, std::string_view text) {
  if (!is_utf8(text)) return write_base64_field(out, name, as_bytes(text));
  write_string(out, name);
  out += ':';
  write_string(out, text);
}

}  // namespace aiot::cli::render
