#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace aiot::filter {

/// Reads a filter's text from left to right, piece by piece.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  bool at_end() const { return at_ == text_.size(); }
  bool at(char c) const { return !at_end() && text_[at_] == c; }
  bool at_quote() const { return at('"') || at('\''); }
  bool at_blank() const;
  /// In characters, from 1.
  std::size_t column() const;

  void skip_blanks();
  /// Goes on behind `text` if it comes next.
  bool take(std::string_view text);
  /// The same for a keyword: whole, and without regard to case.
  bool take_keyword(std::string_view word);
  bool at_keyword(std::string_view word) const;

  /// Up to a blank, a parenthesis or an operator.
  std::string_view take_word();
  /// Up to a blank or a parenthesis.
  std::string_view take_value();
  /// What is inside the quotes that come next; nullopt when they do not end.
  std::optional<std::string> take_quotation();

 private:
  std::size_t end_of_word() const;
  std::string_view take_until(std::size_t end);

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace aiot::filter
