#include "command/keyboard.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ostream>

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

namespace aiot::cli::command {
namespace {

/// The kinds of address behind which somebody may wait for keys.
constexpr std::array<std::string_view, 4> consoles = {"rfc2217", "serial", "tcp", "usb"};

}  // namespace

Keyboard::Keyboard(const Environment& environment, std::ostream& err, std::string escape_name,
                   char escape, std::shared_ptr<render::MessageStyle> style, std::stop_source stop)
    : environment_(environment),
      err_(err),
      escape_name_(std::move(escape_name)),
      keys_(escape),
      style_(std::move(style)),
      usual_stamp_(style_->stamp),
      stop_(std::move(stop)),
      terminal_(environment.raw_terminal()) {}

std::function<std::string(std::stop_token)> Keyboard::input() {
  return [this](const std::stop_token& stop) { return next(stop); };
}

std::string Keyboard::next(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const std::string keys = environment_.read_input(stop);
    if (keys.empty()) return "";  // the terminal is gone
    const EscapeKeys::Typed typed = keys_.type(keys);
    for (const EscapeKeys::Action action : typed.actions) act(action);
    if (!typed.bytes.empty()) return typed.bytes;
  }
  return "";
}

void Keyboard::act(EscapeKeys::Action action) {
  switch (action) {
    case EscapeKeys::Action::quit: stop_.request_stop(); break;
    case EscapeKeys::Action::help:
    case EscapeKeys::Action::unknown: err_ << keys_help(escape_name_); break;
    case EscapeKeys::Action::clear: err_ << "\x1b[2J\x1b[H"; break;
    case EscapeKeys::Action::stamps:
      style_->stamp =
          style_->stamp == render::Stamp::none
              ? (usual_stamp_ == render::Stamp::none ? render::Stamp::local : usual_stamp_)
              : render::Stamp::none;
      break;
    case EscapeKeys::Action::hex: style_->hex = !style_->hex; break;
  }
}

Result<std::unique_ptr<Keyboard>> make_keyboard(const Context& context,
                                                std::span<const Address> sources,
                                                std::shared_ptr<render::MessageStyle> style,
                                                std::stop_source stop) {
  const std::string escape_name = context.setting("--escape-key", "listen.escape_key");
  AIOT_TRY(const char escape, parse_escape_key(escape_name));
  const Terminal& terminal = context.environment.terminal;
  const bool wanted = terminal.in && terminal.out && context.settings.format == Format::text &&
                      !context.args.has("--send") && !context.args.has("--expect") &&
                      !context.args.has("--no-input") && sources.size() == 1;
  if (!wanted ||
      std::find(consoles.begin(), consoles.end(), sources.front().scheme) == consoles.end()) {
    return std::unique_ptr<Keyboard>();
  }
  if (!context.settings.quiet) {
    context.err << fmt::format("{0} q quits, {0} ? lists the keys\n", escape_name);
  }
  return std::make_unique<Keyboard>(context.environment, context.err, escape_name, escape,
                                    std::move(style), std::move(stop));
}

}  // namespace aiot::cli::command
