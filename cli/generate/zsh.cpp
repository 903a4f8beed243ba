#include <fmt/format.h>

#include "generate/completion.hpp"

namespace aiot::cli::generate {
namespace {

constexpr const char* head = R"sh(#compdef aiotctl
# zsh completion for aiotctl. Generated from its option data; do not edit.

_aiotctl_ports() {
  local -a ports
  ports=(/dev/serial/by-id/*(N) /dev/ttyUSB*(N) /dev/ttyACM*(N))
  # What the last `aiotctl discover` found.
  local found=${XDG_CACHE_HOME:-$HOME/.cache}/aiot/discovered
  [[ -r $found ]] && ports+=(${(f)"$(<$found)"})
  compadd -- $ports
}

_aiotctl_devices_and_files() {
  _aiotctl_ports
  _files
}

)sh";

/// For the text of an _arguments specification, within single quotes.
std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
      continue;
    }
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string function_name(const std::vector<std::string>& path) {
  std::string name = "_aiotctl";
  for (const std::string& part : path) name += "_" + part;
  return path.empty() ? "_aiotctl_top" : name + "_command";
}

std::string action(const std::vector<std::string>& words, Complete complete) {
  if (!words.empty()) return fmt::format("({})", fmt::join(words, " "));
  switch (complete) {
    case Complete::file: return "_files";
    case Complete::folder: return "_files -/";
    case Complete::address: return "_aiotctl_ports";
    default: return " ";
  }
}

std::string option_specs(const Option& option, const Environment& environment) {
  std::string out;
  std::vector<std::string> names = {option.long_name()};
  if (!option.short_name().empty()) names.insert(names.begin(), option.short_name());
  for (const std::string& name : names) {
    const bool long_form = name.starts_with("--");
    std::string spec = option.repeatable ? "*" : fmt::format("({})", fmt::join(names, " "));
    spec += name;
    if (!option.is_flag() && long_form) spec += '=';
    spec += fmt::format("[{}]", escaped(option.help));
    if (!option.is_flag()) {
      spec += fmt::format(":{}:{}", option.value,
                          action(words_of(option, environment), option.complete));
    }
    out += fmt::format("    '{}' \\\n", spec);
  }
  return out;
}

/// How the words after the options complete.
std::string rest_action(const Command& command, const Environment& environment) {
  bool address = false;
  bool file = false;
  for (const Positional& positional : command.positionals) {
    const auto words = words_of(positional, environment);
    if (!words.empty()) return fmt::format("({})", fmt::join(words, " "));
    address = address || positional.complete == Complete::address;
    file = file || positional.complete == Complete::file;
  }
  return address && file ? "_aiotctl_devices_and_files"
         : address       ? "_aiotctl_ports"
         : file          ? "_files"
                         : "";
}

std::string function(const Node& node, const Environment& environment) {
  const Command& command = *node.command;
  std::string out = function_name(node.path) + "() {\n";
  const std::string rest = rest_action(command, environment);
  if (!command.commands.empty()) {
    out +=
        "  local context state state_descr line\n  local -A opt_args\n  local -a verbs\n  "
        "verbs=(\n";
    for (const Command& child : command.commands) {
      out += fmt::format("    '{}:{}'\n", child.name, escaped(child.summary));
    }
    out += "  )\n";
  }
  out += "  _arguments -s -S";
  out += command.commands.empty() ? " \\\n" : " -C \\\n";
  for (const Option& option : command.options) out += option_specs(option, environment);
  if (!node.path.empty()) {
    for (const Option& option : root_command().options) out += option_specs(option, environment);
  }
  if (command.commands.empty()) {
    out +=
        rest.empty() ? "    && return 0\n" : fmt::format("    '*:argument:{}' && return 0\n", rest);
    return out + "}\n\n";
  }
  out += "    '1: :->first' '*:: :->rest' && return 0\n  case $state in\n    first)\n";
  out += "      _describe -t commands command verbs\n";
  if (!rest.empty()) out += fmt::format("      {}\n", rest);
  out += "      ;;\n    rest)\n      case $line[1] in\n";
  for (const Command& child : command.commands) {
    std::vector<std::string> path = node.path;
    path.push_back(child.name);
    out += fmt::format("        {}) {} ;;\n", child.name, function_name(path));
  }
  if (!rest.empty()) out += fmt::format("        *) {} ;;\n", rest);
  return out + "      esac\n      ;;\n  esac\n}\n\n";
}

}  // namespace

std::string zsh_completion(const Environment& environment) {
  std::string out = head;
  for (const Node& node : all_commands()) out += function(node, environment);
  out +=
      "if [ \"$funcstack[1]\" = \"_aiotctl\" ]; then\n  _aiotctl_top \"$@\"\nelse\n"
      "  compdef _aiotctl_top aiotctl\nfi\n";
  return out;
}

}  // namespace aiot::cli::generate
