#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "filter/cursor.hpp"
#include "filter/error.hpp"
#include "filter/expression.hpp"

namespace aiot::filter {
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

}  // namespace aiot::filter
