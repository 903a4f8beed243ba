#pragma once

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "aiot/units.hpp"
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

/// The same for a number that must not be 0.
template <class Number>
Result<Number> positive_option(const Arguments& args, const std::string& option, Number otherwise) {
  AIOT_TRY(const Number value, number_option<Number>(args, option, otherwise));
  if (value > 0) return value;
  return make_error(Errc::bad_value, option + " 0", "write a number of at least 1");
}

/// A time such as 90s or 3m, of at least `least`.
inline Result<std::chrono::nanoseconds> time_option(const std::string& option,
                                                    const std::string& text,
                                                    std::chrono::nanoseconds least) {
  AIOT_TRY(const std::chrono::nanoseconds time, parse_duration(text).with(option));
  if (time >= least) return time;
  return make_error(
      Errc::bad_value, fmt::format("{} {}", option, text),
      fmt::format("write a time of at least {}",
                  format_duration(std::chrono::duration_cast<std::chrono::milliseconds>(least))));
}

}  // namespace aiot::cli::command
