#include <fmt/format.h>

#include "generate/completion.hpp"

namespace aiot::cli::generate {
namespace {

constexpr const char* head =
    R"sh(# fish completion for aiotctl. Generated from its option data; do not edit.

function __aiotctl_ports
    for port in /dev/serial/by-id/* /dev/ttyUSB* /dev/ttyACM*
        test -e $port; and echo $port
    end
    # What the last `aiotctl discover` found.
    set -l cache $XDG_CACHE_HOME
    test -n "$cache"; or set cache $HOME/.cache
    test -r $cache/aiot/discovered; and cat $cache/aiot/discovered
end

# The command being typed, as a path: "flash write".
function __aiotctl_path
    set -l path
    for word in (commandline -opc)[2..-1]
        switch "$path $word"
)sh";

/// Within single quotes.
std::string quoted(std::string text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, " "));
}

std::string option_line(const Option& option, const std::string& condition,
                        const Environment& environment) {
  std::string line = "complete -c aiotctl";
  if (!condition.empty()) line += " -n " + quoted(condition);
  if (!option.short_name().empty()) line += " -s " + option.short_name().substr(1);
  line += " -l " + option.long_name().substr(2);
  if (!option.is_flag()) {
    const auto words = words_of(option, environment);
    const bool path = option.complete == Complete::file || option.complete == Complete::folder;
    if (!words.empty()) {
      line += " -xa " + quoted(joined(words));
    } else if (option.complete == Complete::folder) {
      line += " -xa '(__fish_complete_directories)'";
    } else {
      line += path ? " -rF" : " -x";
    }
  }
  return line + " -d " + quoted(option.help) + '\n';
}

}  // namespace

std::string fish_completion(const Environment& environment) {
  const std::vector<Node> nodes = all_commands();
  std::string out = head;
  for (const Node& node : nodes) {
    if (node.path.empty()) continue;
    const std::vector<std::string> parents(node.path.begin(), node.path.end() - 1);
    out += fmt::format("            case {}\n                set path {}\n",
                       quoted(joined(parents) + " " + node.path.back()), joined(node.path));
  }
  out += "        end\n    end\n    echo \"$path\"\nend\n\n";
  out += "function __aiotctl_at\n    test (__aiotctl_path) = \"$argv\"\nend\n\n";
  out += "complete -c aiotctl -f\n";
  for (const Option& option : root_command().options) out += option_line(option, "", environment);
  for (const Node& node : nodes) {
    const std::string at = "__aiotctl_at " + joined(node.path);
    for (const Command& child : node.command->commands) {
      out += fmt::format("complete -c aiotctl -n {} -a {} -d {}\n", quoted(at), child.name,
                         quoted(child.summary));
    }
    if (node.path.empty()) continue;
    for (const Positional& positional : node.command->positionals) {
      const auto words = words_of(positional, environment);
      if (!words.empty()) {
        out += fmt::format("complete -c aiotctl -n {} -a {}\n", quoted(at), quoted(joined(words)));
      }
      if (positional.complete == Complete::address) {
        out += fmt::format("complete -c aiotctl -n {} -a '(__aiotctl_ports)'\n", quoted(at));
      }
      if (positional.complete == Complete::file) {
        out += fmt::format("complete -c aiotctl -n {} -F\n", quoted(at));
      }
    }
    for (const Option& option : node.command->options) out += option_line(option, at, environment);
  }
  return out;
}

}  // namespace aiot::cli::generate
