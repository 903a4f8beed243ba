#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "aiot/error.hpp"
#include "aiot/result.hpp"
#include "aiot/value.hpp"

namespace aiot::filter {

/// What can be wrong with an expression.
enum class Errc {
  bad_filter = 1,  ///< not of the grammar
  bad_pattern,     ///< RE2 does not take the regular expression
};
boost::system::error_code make_error_code(Errc e) noexcept;

}  // namespace aiot::filter

template <>
struct boost::system::is_error_code_enum<aiot::filter::Errc> : std::true_type {};

namespace aiot::filter {

struct Expression;

/// An expression over a record's fields, the same for `discover` and `listen`.
///
///     expression = term { "or" term }          term = factor { ["and"] factor }
///     factor     = "not" factor | "(" expression ")" | comparison | word
///     comparison = field ( "=" | "!=" | "<" | "<=" | ">" | ">=" | "~" | "!~" ) value
///
/// `field` is a name, dotted into objects ("mdns.txt.md") and without regard to case; a list
/// matches when one of its elements does. "=" compares text without case, numbers as numbers (also
/// "0x303a");
/// `*` in a value stands for anything, so that "field=*" asks whether there is such a field. "<"
/// and its like compare numbers where both sides are, else text. "~" searches an RE2 expression.
/// "!=" and
/// "!~" are the opposites of "=" and "~", so they hold for a field that is not there. A bare word
/// is looked for in every text of the record. A value ends at a blank or a parenthesis; "…" or '…'
/// keeps these inside, and a backslash keeps the quote itself.
class Filter {
 public:
  /// Errc::bad_filter, with the column and what was expected there; Errc::bad_pattern. At most 4096
  /// bytes, and 64 levels of parentheses.
  static Result<Filter> parse(std::string_view text);
  bool matches(const Object& fields) const;
  /// The fields that are compared, dotted and in lower case, in their order.
  std::vector<std::string> fields() const;

  Filter(Filter&&) noexcept;
  Filter& operator=(Filter&&) noexcept;
  ~Filter();

 private:
  explicit Filter(std::unique_ptr<const Expression> root);
  std::unique_ptr<const Expression> root_;
};

/// An RE2 expression that searches anywhere in bytes; linear in their length. It is UTF-8: "."
/// takes no byte that is not part of a character, "\C" takes any.
class Pattern {
 public:
  /// Errc::bad_pattern, with RE2's reason. At most 4096 bytes.
  static Result<Pattern> parse(std::string_view text);
  bool matches(std::string_view bytes) const;

  Pattern(Pattern&&) noexcept;
  Pattern& operator=(Pattern&&) noexcept;
  ~Pattern();

 private:
  struct Compiled;
  explicit Pattern(std::unique_ptr<Compiled> compiled);
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace aiot::filter
