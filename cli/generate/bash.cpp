#include <fmt/format.h>

#include "generate/completion.hpp"

namespace aiot::cli::generate {
namespace {

constexpr const char* head =
    R"sh(# bash completion for aiotctl. Generated from its option data; do not edit.

_aiotctl_ports() {
  local port
  for port in /dev/serial/by-id/* /dev/ttyUSB* /dev/ttyACM*; do
    [[ -e $port ]] && printf '%s\n' "$port"
  done
  # What the last `aiotctl discover` found. compgen expands its words: nothing but addresses may pass.
  local found=${XDG_CACHE_HOME:-$HOME/.cache}/aiot/discovered plain='^[][A-Za-z0-9:/._=%@?+,-]+$'
  [[ -r $found ]] || return 0
  while IFS= read -r port; do
    [[ $port =~ $plain ]] && printf '%s\n' "$port"
  done <"$found"
}

_aiotctl_words() {
  local IFS=$' \t\n'
  COMPREPLY+=($(compgen -W "$1" -- "$cur"))
}

_aiotctl_files() {
  compopt -o filenames 2>/dev/null
  local IFS=$'\n'
  COMPREPLY+=($(compgen "$1" -- "$cur"))
}

_aiotctl() {
  local cur prev path='' i word verbs options IFS=$' \t\n'
  COMPREPLY=()
  # `:` and `=` break words for readline; addresses and --color=auto are whole.
  if declare -F _get_comp_words_by_ref >/dev/null; then
    local words cword
    _get_comp_words_by_ref -n ':=' cur prev words cword
  else
    local words=("${COMP_WORDS[@]}") cword=$COMP_CWORD
    cur=${words[cword]} prev=${words[cword-1]}
  fi
  for ((i = 1; i < cword; i++)); do
    word=${words[i]}
    case "$path $word" in
)sh";

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, " "));
}

std::string option_words(const Command& command) {
  std::vector<std::string> words;
  for (const Option& option : command.options) {
    if (!option.short_name().empty()) words.push_back(option.short_name());
    words.push_back(option.long_name());
  }
  return joined(words);
}

/// What completes the value of `option`, as a shell command.
std::string value_action(const Option& option, const Environment& environment) {
  const auto words = words_of(option, environment);
  if (!words.empty()) return fmt::format("_aiotctl_words '{}'", joined(words));
  switch (option.complete) {
    case Complete::file: return "_aiotctl_files -f";
    case Complete::folder: return "_aiotctl_files -d";
    case Complete::address: return "_aiotctl_words \"$(_aiotctl_ports)\"";
    default: return ":";
  }
}

/// "-b|--baud"
std::string pattern(const Option& option) {
  return option.short_name().empty() ? option.long_name()
                                     : option.short_name() + "|" + option.long_name();
}

std::string positional_actions(const Command& command, const Environment& environment) {
  std::string out;
  for (const Positional& positional : command.positionals) {
    const auto words = words_of(positional, environment);
    if (!words.empty()) out += fmt::format("_aiotctl_words '{}'; ", joined(words));
    if (positional.complete == Complete::address) out += "_aiotctl_words \"$(_aiotctl_ports)\"; ";
    if (positional.complete == Complete::file) out += "_aiotctl_files -f; ";
  }
  return out.empty() ? ":" : out;
}

}  // namespace

std::string bash_completion(const Environment& environment) {
  const std::vector<Node> nodes = all_commands();
  std::string out = head;
  for (const Node& node : nodes) {
    if (node.path.empty()) continue;
    const std::vector<std::string> parents(node.path.begin(), node.path.end() - 1);
    const std::string parent =
        parents.empty() ? "" : "/" + fmt::format("{}", fmt::join(parents, "/"));
    out += fmt::format("      '{} {}') path=/{} ;;\n", parent, node.path.back(),
                       fmt::join(node.path, "/"));
  }
  out += "    esac\n  done\n\n  # The value of the option before the cursor.\n";
  out += "  if [[ $cur == --*=* ]]; then\n    prev=${cur%%=*}\n    cur=${cur#*=}\n  fi\n";
  out += "  case \"$path:$prev\" in\n";
  for (const Node& node : nodes) {
    for (const Option& option : node.command->options) {
      if (option.is_flag()) continue;
      const std::string path =
          node.path.empty() ? "*" : "/" + fmt::format("{}", fmt::join(node.path, "/"));
      std::string patterns = path + ":" + option.long_name();
      if (!option.short_name().empty()) patterns += "|" + path + ":" + option.short_name();
      // `*` would swallow the verbs' own options of the same name, so it comes last, below.
      if (!node.path.empty()) {
        out += fmt::format("    {}) {}; return ;;\n", patterns, value_action(option, environment));
      }
    }
  }
  for (const Option& option : root_command().options) {
    if (option.is_flag()) continue;
    out += fmt::format("    *:{}) {}; return ;;\n",
                       pattern(option).find('|') == std::string::npos
                           ? option.long_name()
                           : option.short_name() + "|*:" + option.long_name(),
                       value_action(option, environment));
  }
  out += "  esac\n\n  case \"$path\" in\n";
  for (const Node& node : nodes) {
    std::vector<std::string> verbs;
    for (const Command& child : node.command->commands) verbs.push_back(child.name);
    const std::string path =
        node.path.empty() ? "''" : "/" + fmt::format("{}", fmt::join(node.path, "/"));
    out += fmt::format("    {}) verbs='{}' options='{}' ;;\n", path, joined(verbs),
                       node.path.empty() ? "" : option_words(*node.command));
  }
  out += "  esac\n";
  out += "  if [[ $cur == -* ]]; then\n";
  out += fmt::format("    _aiotctl_words \"$options {}\"\n    return\n  fi\n",
                     option_words(root_command()));
  out += "  case \"$path\" in\n";
  for (const Node& node : nodes) {
    if (node.path.empty()) continue;
    out += fmt::format("    /{}) {} ;;\n", fmt::join(node.path, "/"),
                       positional_actions(*node.command, environment));
  }
  out += "  esac\n";
  out += "  COMPREPLY+=($(compgen -W \"$verbs\" -- \"$cur\"))\n";
  out += "}\n\ncomplete -F _aiotctl aiotctl\n";
  return out;
}

}  // namespace aiot::cli::generate
