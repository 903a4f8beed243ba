#include "generate/completion.hpp"

#include <fmt/format.h>

#include "errors.hpp"

namespace aiot::cli::generate {
namespace {

void collect(const Command& command, std::vector<std::string> path, std::vector<Node>& out) {
  out.push_back({path, &command});
  for (const Command& child : command.commands) {
    std::vector<std::string> below = path;
    below.push_back(child.name);
    collect(child, std::move(below), out);
  }
}

std::vector<std::string> names_of(const std::vector<sim::Choice>& choices) {
  std::vector<std::string> names;
  for (const sim::Choice& choice : choices) {
    // "drop:PERCENT" completes as far as its name.
    names.push_back(choice.name.substr(0, choice.name.find_first_of(":=@ ")));
  }
  return names;
}

}  // namespace

std::vector<Node> all_commands() {
  std::vector<Node> nodes;
  collect(root_command(), {}, nodes);
  return nodes;
}

std::vector<std::string> words_of(const Option& option, const Environment& environment) {
  std::vector<std::string> words;
  for (const Choice& choice : option.choices) words.push_back(choice.name);
  if (option.long_name() == "--only" || option.long_name() == "--except") {
    for (const auto& source : environment.discover_sources()) words.push_back(source.name);
  }
  if (option.long_name() == "--chip") return names_of(environment.sim_devices());
  if (option.long_name() == "--fault") return names_of(environment.sim_faults());
  if (option.long_name() == "--profile") return names_of(environment.sim_profiles());
  return words;
}

std::vector<std::string> words_of(const Positional& positional, const Environment& environment) {
  if (positional.name == "DEVICE") return names_of(environment.sim_devices());
  return positional.choices;
}

namespace {

constexpr const char* bash_head =
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
  std::string out = bash_head;
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

namespace {

constexpr const char* zsh_head = R"sh(#compdef aiotctl
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
  // Words of their own are an action of _arguments; here they are a command.
  const bool words = rest.starts_with('(');
  const std::string offer =
      words ? fmt::format("compadd -- {}", rest.substr(1, rest.size() - 2)) : rest;
  if (!offer.empty()) out += fmt::format("      {}\n", offer);
  out += "      ;;\n    rest)\n      case $line[1] in\n";
  for (const Command& child : command.commands) {
    std::vector<std::string> path = node.path;
    path.push_back(child.name);
    out += fmt::format("        {}) {} ;;\n", child.name, function_name(path));
  }
  if (!offer.empty()) out += fmt::format("        *) {} ;;\n", offer);
  return out + "      esac\n      ;;\n  esac\n}\n\n";
}

}  // namespace

std::string zsh_completion(const Environment& environment) {
  std::string out = zsh_head;
  for (const Node& node : all_commands()) out += function(node, environment);
  out +=
      "if [ \"$funcstack[1]\" = \"_aiotctl\" ]; then\n  _aiotctl_top \"$@\"\nelse\n"
      "  compdef _aiotctl_top aiotctl\nfi\n";
  return out;
}

namespace {

constexpr const char* fish_head =
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
  std::string out = fish_head;
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

Result<std::string> completion(const std::string& shell, const Environment& environment) {
  if (shell == "bash") return bash_completion(environment);
  if (shell == "zsh") return zsh_completion(environment);
  if (shell == "fish") return fish_completion(environment);
  return make_error(Errc::bad_value, "completion: \"" + shell + "\"", "there are bash, zsh, fish");
}

}  // namespace aiot::cli::generate
