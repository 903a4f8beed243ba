#include "filter/cursor.hpp"

#include <algorithm>

#include "filter/expression.hpp"

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

}  // namespace aiot::filter
