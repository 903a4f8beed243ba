#pragma once

#include <charconv>
#include <fmt/format.h>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "errors.hpp"
#include "option.hpp"

namespace aiot::cli::command {

/// All of `text` as a number; nullopt when it is none, or does not fit.
template <class Number>
std::optional<Number> read_number(std::string_view text) {
  Number value = 0;
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  return error == std::errc() && end == last ? std::optional(value) : std::nullopt;
}

/// The same as the value of an option. `example` is such a value.
template <class Number>
Result<Number> parse_number(const std::string& option, std::string_view text,
                            std::string_view example = {}) {
  if (const auto value = read_number<Number>(text)) return *value;
  const char* what = std::is_floating_point_v<Number> ? "write a number" : "write a whole number";
  return make_error(Errc::bad_value, fmt::format("{} {}", option, text),
                    example.empty() ? what : fmt::format("{}, such as {}", what, example));
}

/// `otherwise` when the option is not given.
template <class Number>
Result<Number> number_option(const Arguments& args, const std::string& option, Number otherwise) {
  const auto text = args.get(option);
  if (!text) return otherwise;
  return parse_number<Number>(option, *text);
}

}  // namespace aiot::cli::command
