#include "keys.hpp"

#include <fmt/format.h>

#include <array>

#include "errors.hpp"

namespace aiot::cli {
namespace {

struct Key {
  char key;
  EscapeKeys::Action action;
  std::string_view help;
};
constexpr std::array<Key, 5> table = {{
    {'q', EscapeKeys::Action::quit, "quit"},
    {'?', EscapeKeys::Action::help, "show this help"},
    {'l', EscapeKeys::Action::clear, "clear the screen"},
    {'t', EscapeKeys::Action::stamps, "stamps on or off"},
    {'h', EscapeKeys::Action::hex, "hex dump on or off"},
}};

}  // namespace

EscapeKeys::Typed EscapeKeys::type(std::string_view keys) {
  Typed typed;
  for (const char key : keys) {
    if (!escaped_) {
      if (key == escape_) {
        escaped_ = true;
      } else {
        typed.bytes += key;
      }
      continue;
    }
    escaped_ = false;
    if (key == escape_) {
      typed.bytes += key;
      continue;
    }
    Action action = Action::unknown;
    for (const Key& known : table) {
      if (known.key == key) action = known.action;
    }
    typed.actions.push_back(action);
  }
  return typed;
}

Result<char> parse_escape_key(const std::string& name) {
  constexpr std::string_view prefix = "ctrl-";
  const char letter =
      name.size() == prefix.size() + 1 && name.starts_with(prefix) ? name.back() : 0;
  const bool taken = std::string_view("cijmqsz").find(letter) != std::string_view::npos;
  if (letter < 'a' || letter > 'z' || taken) {
    return make_error(Errc::bad_value, fmt::format("\"{}\" as the escape key", name),
                      "write it as ctrl-t; c, i, j, m, q, s and z are taken");
  }
  return static_cast<char>(letter - 'a' + 1);
}

std::string keys_help(const std::string& escape_name) {
  std::string out;
  for (const Key& key : table) out += fmt::format("{} {}  {}\n", escape_name, key.key, key.help);
  return out + fmt::format("{} {}  send {} itself\n", escape_name, escape_name, escape_name);
}

}  // namespace aiot::cli
