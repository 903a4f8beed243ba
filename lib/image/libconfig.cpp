#include "image/libconfig.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace aiot::image {
namespace {

constexpr unsigned config_depth = 32;
constexpr std::size_t config_settings = 65536;

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

class ConfigReader {
 public:
  explicit ConfigReader(std::string_view text) : text_(text) {}

  Result<Object> read() {
    AIOT_TRY(Object out, settings('\0', 0));
    return out;
  }

 private:
  Error bad(std::string_view why) const {
    const auto line = 1 + std::count(text_.begin(), text_.begin() + static_cast<long>(at_), '\n');
    return make_error(Errc::bad_bundle, fmt::format("line {}: {}", line, why));
  }
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  bool take(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool take_word(std::string_view word) {
    const std::string_view here = text_.substr(at_, word.size());
    const auto same = [](char a, char b) { return (is_letter(a) ? a | 0x20 : a) == b; };
    if (!std::equal(here.begin(), here.end(), word.begin(), word.end(), same)) return false;
    at_ += word.size();
    return true;
  }

  /// Passes blanks and comments.
  Result<void> skip() {
    for (;;) {
      while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
      if (peek() == '#' || (peek() == '/' && peek(1) == '/')) {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (peek() == '/' && peek(1) == '*') {
        const std::size_t end = text_.find("*/", at_ + 2);
        if (end == std::string_view::npos) return bad("a comment without its end");
        at_ = end + 2;
      } else {
        return {};
      }
    }
  }

  Result<Object> settings(char end, unsigned depth) {
    Object out;
    for (;;) {
      AIOT_CHECK(skip());
      if (end == '\0' ? at_ == text_.size() : take(end)) return out;
      AIOT_TRY(std::string name, setting_name());
      AIOT_CHECK(skip());
      if (!take('=') && !take(':')) return bad("no value behind a name");
      AIOT_TRY(Value content, value(depth + 1));
      AIOT_CHECK(skip());
      if (!take(';')) take(',');
      if (++count_ > config_settings) return bad("too many settings");
      out.add(std::move(name), std::move(content));
    }
  }

  Result<std::string> setting_name() {
    const std::size_t begin = at_;
    if (!is_letter(peek()) && peek() != '*') return bad("a name is missing");
    const auto is_part = [](char c) {
      return is_letter(c) || is_digit(c) || c == '-' || c == '_' || c == '*';
    };
    while (at_ < text_.size() && is_part(text_[at_])) ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }

  Result<Value> value(unsigned depth) {
    if (depth > config_depth) return bad("too many levels");
    AIOT_CHECK(skip());
    if (take('{')) {
      AIOT_TRY(Object group, settings('}', depth));
      return Value(std::move(group));
    }
    if (take('(')) return elements(')', depth);
    if (take('[')) return elements(']', depth);
    if (peek() == '"') return strings();
    if (take_word("true")) return Value(true);
    if (take_word("false")) return Value(false);
    return number();
  }

  Result<Value> elements(char end, unsigned depth) {
    Array out;
    for (;;) {
      AIOT_CHECK(skip());
      if (take(end)) return Value(std::move(out));
      AIOT_TRY(Value element, value(depth + 1));
      if (++count_ > config_settings) return bad("too many settings");
      out.push_back(std::move(element));
      AIOT_CHECK(skip());
      if (!take(',') && peek() != end) return bad("a list without its end");
    }
  }

  /// Strings one behind the other are one.
  Result<Value> strings() {
    std::string out;
    while (take('"')) {
      AIOT_CHECK(string_part(out));
      AIOT_CHECK(skip());
    }
    return Value(std::move(out));
  }

  Result<void> string_part(std::string& out) {
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '"') return {};
      if (c != '\\') {
        out += c;
        continue;
      }
      const char escaped = peek();
      ++at_;
      switch (escaped) {
        case 'n': out += '\n'; break;
        case 't': out += '\t'; break;
        case 'r': out += '\r'; break;
        case 'f': out += '\f'; break;
        case '"':
        case '\\': out += escaped; break;
        case 'x': {
          const auto byte = from_hex(text_.substr(std::min(at_, text_.size()), 2));
          if (!byte || byte->size() != 1) return bad("an escape that is not known");
          out += static_cast<char>(byte->front());
          at_ += 2;
          break;
        }
        default: return bad("an escape that is not known");
      }
    }
    at_ = text_.size();
    return bad("a string without its end");
  }

  Result<Value> number() {
    const std::size_t begin = at_;
    const auto is_part = [](char c) {
      return is_digit(c) || is_letter(c) || c == '.' || c == '+' || c == '-';
    };
    while (at_ < text_.size() && is_part(text_[at_])) ++at_;
    std::string_view word = text_.substr(begin, at_ - begin);
    if (word.starts_with('+')) word.remove_prefix(1);
    while (word.ends_with('L')) word.remove_suffix(1);
    const bool is_hex = word.starts_with("0x") || word.starts_with("0X");
    if (is_hex) word.remove_prefix(2);
    const char* last = word.data() + word.size();
    std::int64_t whole = 0;
    const auto as_whole = std::from_chars(word.data(), last, whole, is_hex ? 16 : 10);
    if (as_whole.ec == std::errc() && as_whole.ptr == last) return Value(whole);
    double real = 0;
    const auto as_real = std::from_chars(word.data(), last, real);
    if (!is_hex && as_real.ec == std::errc() && as_real.ptr == last) return Value(real);
    return bad("a value that is not known");
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t count_ = 0;
};

}  // namespace

Result<Object> parse_libconfig(std::string_view text) { return ConfigReader(text).read(); }

}  // namespace aiot::image
