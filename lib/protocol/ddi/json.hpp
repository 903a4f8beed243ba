#pragma once

#include <boost/json.hpp>
#include <charconv>

#include "protocol/ddi/message.hpp"

/// What reading both sides' messages shares.
namespace aiot::ddi {

namespace json = boost::json;

/// An id of an action: decimal, 1 to most_id.
inline std::optional<std::uint64_t> parse_id(std::string_view text) {
  std::uint64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc() || end != text.data() + text.size() || id == 0 || id > most_id) {
    return std::nullopt;
  }
  return id;
}

inline Result<json::object> parse_object(ByteSpan body) {
  boost::system::error_code error;
  const std::string_view text(reinterpret_cast<const char*>(body.data()), body.size());
  json::value value = json::parse(text, error);
  if (error) return make_error(Errc::bad_message, error.message());
  if (!value.is_object()) return make_error(Errc::bad_message, "not a JSON object");
  return std::move(value.as_object());
}

/// nullptr when there is none.
inline const json::object* object_in(const json::object& in, std::string_view name) {
  const json::value* value = in.if_contains(name);
  return value == nullptr ? nullptr : value->if_object();
}

/// "" when there is none.
inline std::string text_in(const json::object& in, std::string_view name) {
  const json::value* value = in.if_contains(name);
  const json::string* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string() : std::string(*text);
}

}  // namespace aiot::ddi
