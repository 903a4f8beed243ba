#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "aiot/result.hpp"
#include "aiot/value.hpp"

namespace aiot::filter {

/// An expression over a record's fields, the same for `discover` and `listen`.
///
///     expression = term { "or" term }          term = factor { ["and"] factor }
///     factor     = ["not"] ( "(" expression ")" | comparison | word )
///     comparison = field ( "=" | "!=" | "<" | "<=" | ">" | ">=" | "~" | "!~" ) value
///
/// `field` is a name, dotted into objects ("mdns.txt.md"); a list matches when one of its elements
/// does. "=" compares text without case, numbers as numbers; `*` in a value stands for anything.
/// "~" searches an RE2 expression. A bare word is looked for in every text of the record. Values
/// with blanks or parentheses are quoted with "…" or '…'.
class Filter {
 public:
  /// Errc::bad_filter, with the column and what was expected there. At most 4096 bytes.
  static Result<Filter> parse(std::string_view text);
  bool matches(const Object& fields) const;

  Filter(Filter&&) noexcept;
  Filter& operator=(Filter&&) noexcept;
  ~Filter();

 private:
  struct Node;
  explicit Filter(std::unique_ptr<Node> root);
  std::unique_ptr<Node> root_;
};

/// An RE2 expression that searches anywhere in bytes; linear in their length.
class Pattern {
 public:
  /// Errc::bad_pattern, with RE2's reason.
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
