#include "protocol/coap/link_format.hpp"

#include <algorithm>

namespace aiot::coap {
namespace {

constexpr std::size_t max_links = 256;
constexpr std::size_t max_attributes = 32;

/// What is left of a text that is read from its front.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool ended() const { return rest_.empty(); }
  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void skip_blanks() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size()));
  }
  /// Up to one of `ends`, or to the end of the text.
  std::string_view until(std::string_view ends) {
    const std::string_view out = rest_.substr(0, rest_.find_first_of(ends));
    rest_.remove_prefix(out.size());
    return out;
  }
  /// The rest of a quoted string whose opening quote was taken; false when it does not close.
  bool quoted(std::string& out) {
    while (!rest_.empty()) {
      char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return true;
      if (c == '\\') {
        if (rest_.empty()) return false;
        c = rest_.front();
        rest_.remove_prefix(1);
      }
      out += c;
    }
    return false;
  }

 private:
  std::string_view rest_;
};

Result<LinkAttribute> parse_attribute(Reader& reader) {
  LinkAttribute out;
  out.name = reader.until("=;,\" \t\r\n");
  if (out.name.empty()) return make_error(Errc::bad_link_format, "an attribute without a name");
  if (!reader.take('=')) return out;
  if (reader.take('"')) {
    if (!reader.quoted(out.value)) return make_error(Errc::bad_link_format, "an open quote");
  } else {
    out.value = reader.until(";,\" \t\r\n");
  }
  return out;
}

Result<Link> parse_link(Reader& reader) {
  Link out;
  if (!reader.take('<')) return make_error(Errc::bad_link_format, "expected '<'");
  out.target = reader.until(">");
  if (!reader.take('>')) return make_error(Errc::bad_link_format, "expected '>'");
  for (;;) {
    reader.skip_blanks();
    if (!reader.take(';')) return out;
    reader.skip_blanks();
    if (out.attributes.size() == max_attributes)
      return make_error(Errc::bad_link_format, "too many attributes");
    AIOT_TRY(LinkAttribute attribute, parse_attribute(reader));
    out.attributes.push_back(std::move(attribute));
  }
}

bool is_token(std::string_view text) {
  return !text.empty() && text.find_first_of(" \t\r\n\";,\\=<>") == std::string_view::npos;
}

std::string quote(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

bool matches_word(std::string_view word, std::string_view pattern) {
  if (!pattern.ends_with('*')) return word == pattern;
  return word.starts_with(pattern.substr(0, pattern.size() - 1));
}

bool matches_any_word(std::string_view words, std::string_view pattern) {
  while (!words.empty()) {
    const auto blank = words.find(' ');
    if (matches_word(words.substr(0, blank), pattern)) return true;
    words.remove_prefix(blank == std::string_view::npos ? words.size() : blank + 1);
  }
  return false;
}

}  // namespace

const std::string* Link::find(std::string_view name) const {
  const auto it = std::find_if(attributes.begin(), attributes.end(),
                               [&](const LinkAttribute& a) { return a.name == name; });
  return it == attributes.end() ? nullptr : &it->value;
}

Result<std::vector<Link>> parse_links(std::string_view text) {
  std::vector<Link> out;
  Reader reader(text);
  reader.skip_blanks();
  if (reader.ended()) return out;
  for (;;) {
    if (out.size() == max_links) return make_error(Errc::bad_link_format, "too many links");
    AIOT_TRY(Link link, parse_link(reader));
    out.push_back(std::move(link));
    if (reader.ended()) return out;
    if (!reader.take(',')) return make_error(Errc::bad_link_format, "expected ','");
    reader.skip_blanks();
  }
}

std::string format_links(const std::vector<Link>& links) {
  std::string out;
  for (const Link& link : links) {
    if (!out.empty()) out += ',';
    out += '<' + link.target + '>';
    for (const LinkAttribute& a : link.attributes) {
      out += ';' + a.name;
      // Numbers go bare; other values are quoted, as the RFC's examples have them.
      const bool number = a.name == "ct" || a.name == "sz";
      if (!a.value.empty()) out += '=' + (number && is_token(a.value) ? a.value : quote(a.value));
    }
  }
  return out;
}

bool matches_filter(const Link& link, std::string_view filter) {
  const auto equals = filter.find('=');
  if (equals == std::string_view::npos) return true;  // not a filter that is known
  const std::string_view name = filter.substr(0, equals);
  const std::string_view pattern = filter.substr(equals + 1);
  if (name == "href") return matches_word(link.target, pattern);
  const std::string* value = link.find(name);
  if (value == nullptr) return false;
  const bool words = name == "rt" || name == "if" || name == "rel" || name == "rev";
  return words ? matches_any_word(*value, pattern) : matches_word(*value, pattern);
}

}  // namespace aiot::coap
