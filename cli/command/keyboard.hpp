#pragma once

#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "aiot/result.hpp"
#include "context.hpp"
#include "render/message_text.hpp"

namespace aiot::cli {

/// What is typed in keyboard mode: everything goes to the device, but what follows the escape key
/// is for this program. No I/O.
class EscapeKeys {
 public:
  enum class Action { quit, help, clear, stamps, hex, unknown };
  struct Typed {
    std::string bytes;  ///< for the device
    std::vector<Action> actions;
  };

  explicit EscapeKeys(char escape) : escape_(escape) {}
  Typed type(std::string_view keys);

 private:
  char escape_;
  bool escaped_ = false;  // the escape key was the last
};

/// "ctrl-t" as the byte that the terminal sends. Errc::bad_value for what is no such key; ctrl-m
/// and the like, which other keys send too, are refused.
Result<char> parse_escape_key(const std::string& name);

/// What each key after the escape key does, a line each.
std::string keys_help(const std::string& escape_name);

}  // namespace aiot::cli

namespace aiot::cli::command {

/// Keyboard mode of `listen`: what is typed goes to the device, the escape key's commands to this
/// program. The terminal is raw while it lives.
class Keyboard {
 public:
  Keyboard(const Environment& environment, std::ostream& err, std::string escape_name, char escape,
           std::shared_ptr<render::MessageStyle> style, std::stop_source stop);

  /// For listen::Request::input.
  std::function<std::string(std::stop_token)> input();

 private:
  std::string next(const std::stop_token& stop);
  void act(EscapeKeys::Action action);

  const Environment& environment_;
  std::ostream& err_;
  std::string escape_name_;
  EscapeKeys keys_;
  std::shared_ptr<render::MessageStyle> style_;
  render::Stamp usual_stamp_;
  std::stop_source stop_;
  std::shared_ptr<void> terminal_;
};

/// nullptr when the keyboard is not for the device: no terminals, several addresses or one that
/// takes no bytes, --expect, --send, --no-input, or JSON.
Result<std::unique_ptr<Keyboard>> make_keyboard(const Context& context,
                                                std::span<const Address> sources,
                                                std::shared_ptr<render::MessageStyle> style,
                                                std::stop_source stop);

}  // namespace aiot::cli::command
