#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "filter/filter.hpp"

/// The tree that a filter's text becomes.
namespace aiot::filter {

enum class Operator { equal, less, less_or_equal, greater, greater_or_equal, search };

/// One field held against one value.
struct Comparison {
  std::string field;  ///< lower case, dotted
  Operator how = Operator::equal;
  std::string text;              ///< lower case
  std::optional<double> number;  ///< `text` as a number, if it is one
  std::optional<Pattern> pattern;
};
/// A text that is looked for in every text of the record.
struct Word {
  std::string text;  ///< lower case
};
struct Negation {
  std::unique_ptr<Expression> part;
};
/// Every part holds (`every`), or one of them does.
struct Combination {
  bool every = true;
  std::vector<std::unique_ptr<Expression>> parts;
};

struct Expression {
  std::variant<Comparison, Word, Negation, Combination> node;
};

bool holds(const Expression& expression, const Object& fields);
void add_fields(const Expression& expression, std::vector<std::string>& fields);

/// `text` as a number: decimal, with a fraction or an exponent, or hexadecimal after "0x".
std::optional<double> number_in(std::string_view text);
/// ASCII letters in lower case.
std::string lower(std::string_view text);
/// True when all of `text` is as `pattern` says, where `*` stands for anything. Both in lower case.
bool like(std::string_view text, std::string_view pattern);

}  // namespace aiot::filter
