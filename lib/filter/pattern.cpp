#include <re2/re2.h>

#include "filter/error.hpp"
#include "filter/filter.hpp"

namespace aiot::filter {
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

}  // namespace aiot::filter
