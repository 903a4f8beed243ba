#include "filter/filter.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <functional>

#include "filter/expression.hpp"

namespace aiot::filter {
namespace {

constexpr ErrorRow rows[] = {
    {Errc::bad_filter, "filter.syntax", "the filter cannot be understood", Condition::usage},
    {Errc::bad_pattern, "filter.pattern", "the regular expression cannot be understood",
     Condition::usage},
};
const ErrorTable table("filter", rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), table}; }

namespace {

constexpr std::size_t max_pattern_bytes = 4096;

re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }

re2::RE2::Options quiet() {
  re2::RE2::Options options;
  options.set_log_errors(false);  // the error is returned; stderr is not the library's
  return options;
}

}  // namespace

struct Pattern::Compiled {
  explicit Compiled(std::string_view text) : expression(piece(text), quiet()) {}
  re2::RE2 expression;
};

Result<Pattern> Pattern::parse(std::string_view text) {
  if (text.size() > max_pattern_bytes) {
    return make_error(Errc::bad_pattern, "longer than 4096 bytes");
  }
  auto compiled = std::make_unique<Compiled>(text);
  if (!compiled->expression.ok()) {
    return make_error(Errc::bad_pattern, compiled->expression.error(),
                      "the syntax is RE2's: no look-around, no back-references");
  }
  return Pattern(std::move(compiled));
}

bool Pattern::matches(std::string_view bytes) const {
  return re2::RE2::PartialMatch(piece(bytes), compiled_->expression);
}

Pattern::Pattern(std::unique_ptr<Compiled> compiled) : compiled_(std::move(compiled)) {}
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern& Pattern::operator=(Pattern&&) noexcept = default;
Pattern::~Pattern() = default;

namespace {

/// What a value says as text: a view of it, or of what was `made`. Objects and lists say nothing.
struct Speller {
  std::string& made;
  std::string_view operator()(std::nullptr_t) const { return "null"; }
  std::string_view operator()(bool b) const { return b ? "true" : "false"; }
  std::string_view operator()(const std::string& s) const { return s; }
  std::string_view operator()(const Bytes& b) const {
    return {reinterpret_cast<const char*>(b.data()), b.size()};
  }
  std::string_view operator()(const Array&) const { return {}; }
  std::string_view operator()(const Object&) const { return {}; }
  std::string_view operator()(auto number) const { return made = fmt::format("{}", number); }
};

std::string_view text_of(const Value& value, std::string& made) {
  return std::visit(Speller{made}, value.storage());
}

/// A value as a number: itself, or what its text spells.
std::optional<double> number_of(const Value& value) {
  if (const auto* n = std::get_if<std::int64_t>(&value.storage())) return static_cast<double>(*n);
  if (const auto* n = std::get_if<std::uint64_t>(&value.storage())) return static_cast<double>(*n);
  if (const auto* n = std::get_if<double>(&value.storage())) return *n;
  if (const auto* text = value.string()) return number_in(*text);
  return std::nullopt;
}

bool compare(auto left, auto right, Operator how) {
  switch (how) {
    case Operator::less: return left < right;
    case Operator::less_or_equal: return left <= right;
    case Operator::greater: return left > right;
    case Operator::greater_or_equal: return left >= right;
    default: return left == right;
  }
}

bool holds_for(const Comparison& comparison, const Value& value) {
  if (comparison.how == Operator::equal && comparison.text == "*") return true;
  if (value.object() != nullptr) return false;
  std::string made;
  if (comparison.how == Operator::search) return comparison.pattern->matches(text_of(value, made));
  if (comparison.number) {
    if (const auto number = number_of(value)) {
      return compare(*number, *comparison.number, comparison.how);
    }
  }
  const std::string text = lower(text_of(value, made));
  if (comparison.how == Operator::equal) return like(text, comparison.text);
  return compare(std::string_view(text), std::string_view(comparison.text), comparison.how);
}

using Test = std::function<bool(const Value&)>;

/// True when `test` holds for the value, or for an element of the list that it is.
bool any_element(const Value& value, const Test& test) {
  const Array* list = value.array();
  if (list == nullptr) return test(value);
  return std::any_of(list->begin(), list->end(),
                     [&](const Value& element) { return any_element(element, test); });
}

/// True when `test` holds for a value that `path` leads to. A field's own name may hold dots, so
/// each dot is tried as the border between two names.
bool any_at(const Object& object, std::string_view path, const Test& test) {
  for (const auto& [name, value] : object.fields()) {
    if (!path.starts_with(lower(name))) continue;
    const std::string_view rest = path.substr(name.size());
    if (rest.empty() && any_element(value, test)) return true;
    if (!rest.starts_with('.')) continue;
    const Test inside = [&](const Value& element) {
      return element.object() != nullptr && any_at(*element.object(), rest.substr(1), test);
    };
    if (any_element(value, inside)) return true;
  }
  return false;
}

/// True when the word is in one of the record's texts, however deep.
bool any_text_has(const Value& value, const std::string& pattern) {
  if (const Object* object = value.object()) {
    return std::any_of(object->fields().begin(), object->fields().end(),
                       [&](const auto& field) { return any_text_has(field.second, pattern); });
  }
  if (const Array* list = value.array()) {
    return std::any_of(list->begin(), list->end(),
                       [&](const Value& element) { return any_text_has(element, pattern); });
  }
  std::string made;
  return like(lower(text_of(value, made)), pattern);
}

}  // namespace

bool holds(const Expression& expression, const Object& fields) {
  struct Evaluator {
    const Object& fields;
    bool operator()(const Comparison& c) const {
      return any_at(fields, c.field, [&](const Value& value) { return holds_for(c, value); });
    }
    bool operator()(const Word& word) const {
      const std::string anywhere = "*" + word.text + "*";
      return std::any_of(fields.fields().begin(), fields.fields().end(),
                         [&](const auto& field) { return any_text_has(field.second, anywhere); });
    }
    bool operator()(const Negation& negation) const { return !holds(*negation.part, fields); }
    bool operator()(const Combination& combination) const {
      const auto part_holds = [&](const auto& part) { return holds(*part, fields); };
      const auto& parts = combination.parts;
      return combination.every ? std::all_of(parts.begin(), parts.end(), part_holds)
                               : std::any_of(parts.begin(), parts.end(), part_holds);
    }
  };
  return std::visit(Evaluator{fields}, expression.node);
}

void add_fields(const Expression& expression, std::vector<std::string>& fields) {
  struct Collector {
    std::vector<std::string>& fields;
    void operator()(const Comparison& c) const { fields.push_back(c.field); }
    void operator()(const Word&) const {}
    void operator()(const Negation& negation) const { add_fields(*negation.part, fields); }
    void operator()(const Combination& combination) const {
      for (const auto& part : combination.parts) add_fields(*part, fields);
    }
  };
  std::visit(Collector{fields}, expression.node);
}

std::optional<double> number_in(std::string_view text) {
  const char* last = text.data() + text.size();
  if (text.starts_with("0x") || text.starts_with("0X")) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data() + 2, last, value, 16);
    if (error != std::errc() || end != last) return std::nullopt;
    return static_cast<double>(value);
  }
  const bool digit_first = text.find_first_of("0123456789") <= 1;  // not "inf", not "nan"
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), last, value);
  if (!digit_first || error != std::errc() || end != last) return std::nullopt;
  return value;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

bool like(std::string_view text, std::string_view pattern) {
  std::size_t at = 0, in_pattern = 0;
  std::optional<std::size_t> star;  // the last "*", and how far the text reached there
  std::size_t at_star = 0;
  while (at < text.size()) {
    if (in_pattern < pattern.size() && pattern[in_pattern] == '*') {
      star = in_pattern++;
      at_star = at;
    } else if (in_pattern < pattern.size() && pattern[in_pattern] == text[at]) {
      ++in_pattern;
      ++at;
    } else if (star) {  // the "*" takes one more
      in_pattern = *star + 1;
      at = ++at_star;
    } else {
      return false;
    }
  }
  return pattern.substr(in_pattern).find_first_not_of('*') == std::string_view::npos;
}

}  // namespace aiot::filter
