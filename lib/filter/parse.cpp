#include "filter/parse.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "filter/expression.hpp"
#include "filter/filter.hpp"

namespace aiot::filter {
namespace {

constexpr std::string_view blanks = " \t\r\n";
constexpr std::string_view blanks_and_parentheses = " \t\r\n()";

}  // namespace

bool Cursor::at_blank() const {
  return !at_end() && blanks.find(text_[at_]) != std::string_view::npos;
}

std::size_t Cursor::column() const {
  const auto begins_character = [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  };
  const auto before = text_.substr(0, at_);
  return 1 +
         static_cast<std::size_t>(std::count_if(before.begin(), before.end(), begins_character));
}

void Cursor::skip_blanks() { at_ = std::min(text_.find_first_not_of(blanks, at_), text_.size()); }

bool Cursor::take(std::string_view text) {
  if (!text_.substr(at_).starts_with(text)) return false;
  at_ += text.size();
  return true;
}

bool Cursor::at_keyword(std::string_view word) const {
  const std::size_t end = end_of_word();
  if (lower(text_.substr(at_, end - at_)) != word) return false;
  // "or=1" names a field.
  const std::size_t next = std::min(text_.find_first_not_of(blanks, end), text_.size());
  const std::string_view rest = text_.substr(next);
  return rest.empty() || (std::string_view("=<>~").find(rest[0]) == std::string_view::npos &&
                          !rest.starts_with("!=") && !rest.starts_with("!~"));
}

bool Cursor::take_keyword(std::string_view word) {
  skip_blanks();
  if (!at_keyword(word)) return false;
  at_ += word.size();
  return true;
}

std::string_view Cursor::take_word() { return take_until(end_of_word()); }

std::string_view Cursor::take_value() {
  return take_until(std::min(text_.find_first_of(blanks_and_parentheses, at_), text_.size()));
}

std::optional<std::string> Cursor::take_quotation() {
  const char quote = text_[at_];
  std::string inside;
  for (std::size_t i = at_ + 1; i < text_.size(); ++i) {
    if (text_[i] == quote) {
      at_ = i + 1;
      return inside;
    }
    // Only the quote itself is escaped: every other backslash belongs to a regular expression.
    if (text_[i] == '\\' && i + 1 < text_.size() && text_[i + 1] == quote) ++i;
    inside += text_[i];
  }
  return std::nullopt;
}

std::size_t Cursor::end_of_word() const {
  std::size_t end = at_;
  for (; end < text_.size(); ++end) {
    const std::string_view rest = text_.substr(end);
    if (std::string_view(" \t\r\n()=<>~").find(rest[0]) != std::string_view::npos) break;
    if (rest.starts_with("!=") || rest.starts_with("!~")) break;
  }
  return end;
}

std::string_view Cursor::take_until(std::size_t end) {
  const std::string_view taken = text_.substr(at_, end - at_);
  at_ = end;
  return taken;
}

namespace {

constexpr std::size_t max_filter_bytes = 4096;
constexpr int max_depth = 64;

using Node = std::unique_ptr<Expression>;

struct Spelling {
  std::string_view text;
  Operator how;
  bool negated;
};
/// The longer ones first: "<=" is no "<".
constexpr std::array<Spelling, 8> spellings = {{
    {"!=", Operator::equal, true},
    {"!~", Operator::search, true},
    {"<=", Operator::less_or_equal, false},
    {">=", Operator::greater_or_equal, false},
    {"=", Operator::equal, false},
    {"<", Operator::less, false},
    {">", Operator::greater, false},
    {"~", Operator::search, false},
}};

template <class T>
Node make_node(T part) {
  return std::make_unique<Expression>(Expression{std::move(part)});
}

/// Recursive descent: a function for each rule of the grammar.
class Parser {
 public:
  explicit Parser(std::string_view text) : cursor_(text) {}

  Result<Node> whole() {
    AIOT_TRY(Node root, expression());
    if (!cursor_.at_end()) return expected("\"and\", \"or\" or the end");  // a ")" too many
    return root;
  }

 private:
  Result<Node> expression() {
    Combination any{.every = false, .parts = {}};
    do {
      AIOT_TRY(Node part, term());
      any.parts.push_back(std::move(part));
    } while (cursor_.take_keyword("or"));
    if (any.parts.size() == 1) return std::move(any.parts.front());
    return make_node(std::move(any));
  }

  Result<Node> term() {
    Combination all{.every = true, .parts = {}};
    do {
      AIOT_TRY(Node part, factor());
      all.parts.push_back(std::move(part));
    } while (cursor_.take_keyword("and") || another_factor());
    if (all.parts.size() == 1) return std::move(all.parts.front());
    return make_node(std::move(all));
  }

  bool another_factor() {
    cursor_.skip_blanks();
    return !cursor_.at_end() && !cursor_.at(')') && !cursor_.at_keyword("or");
  }

  Result<Node> factor() {
    if (depth_ == max_depth) return expected("at most 64 levels of \"not\" and parentheses");
    ++depth_;
    Result<Node> made = factor_inside();
    --depth_;
    return made;
  }

  Result<Node> factor_inside() {
    if (cursor_.take_keyword("not")) {
      AIOT_TRY(Node part, factor());
      return make_node(Negation{std::move(part)});
    }
    if (cursor_.take("(")) {
      AIOT_TRY(Node inside, expression());
      if (!cursor_.take(")")) return expected("\")\"");
      return inside;
    }
    if (cursor_.at_quote()) {
      AIOT_TRY(const std::string word, quotation());
      return make_node(Word{lower(word)});
    }
    if (cursor_.at_end() || cursor_.at(')') || cursor_.at_keyword("and") ||
        cursor_.at_keyword("or")) {
      return expected("a field or a word");
    }
    return comparison_or_word();
  }

  Result<Node> comparison_or_word() {
    const std::string_view name = cursor_.take_word();
    cursor_.skip_blanks();
    const auto* spelling = std::find_if(spellings.begin(), spellings.end(),
                                        [&](const Spelling& s) { return cursor_.take(s.text); });
    if (spelling == spellings.end()) return make_node(Word{lower(name)});
    if (name.empty()) return expected(fmt::format("a field before \"{}\"", spelling->text));
    cursor_.skip_blanks();
    const bool quoted = cursor_.at_quote();
    if (cursor_.at_end() || cursor_.at('(') || cursor_.at(')')) {
      return expected(fmt::format("a value after \"{}\"", spelling->text));
    }
    AIOT_TRY(const std::string value,
             quoted ? quotation() : Result<std::string>(std::string(cursor_.take_value())));
    Comparison comparison;
    comparison.field = lower(name);
    comparison.how = spelling->how;
    comparison.text = lower(value);
    comparison.number = number_in(value);
    if (spelling->how == Operator::search) {
      AIOT_TRY(comparison.pattern, Pattern::parse(value).with(fmt::format("\"{}\"", value)));
    }
    Node node = make_node(std::move(comparison));
    if (spelling->negated) return make_node(Negation{std::move(node)});
    return node;
  }

  Result<std::string> quotation() {
    auto inside = cursor_.take_quotation();
    if (!inside) return expected("the quotation that begins here to end");
    return *std::move(inside);
  }

  Error expected(std::string_view what) const {
    return make_error(Errc::bad_filter,
                      fmt::format("column {}: expected {}", cursor_.column(), what),
                      "write it like 'ecosystem=matter state=unprovisioned' or "
                      "'name~^lamp or rssi_dbm>-60'");
  }

  Cursor cursor_;
  int depth_ = 0;
};

}  // namespace

Result<Filter> Filter::parse(std::string_view text) {
  if (text.size() > max_filter_bytes) return make_error(Errc::bad_filter, "longer than 4096 bytes");
  AIOT_TRY(Node root, Parser(text).whole());
  return Filter(std::move(root));
}

Filter::Filter(std::unique_ptr<const Expression> root) : root_(std::move(root)) {}
Filter::Filter(Filter&&) noexcept = default;
Filter& Filter::operator=(Filter&&) noexcept = default;
Filter::~Filter() = default;

bool Filter::matches(const Object& fields) const { return holds(*root_, fields); }

std::vector<std::string> Filter::fields() const {
  std::vector<std::string> out;
  add_fields(*root_, out);
  return out;
}

}  // namespace aiot::filter
