#include "help.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <ostream>
#include <sstream>

#include "aiot/config.hpp"
#include "aiot/units.hpp"
#include "command/commands.hpp"
#include "context.hpp"
#include "errors.hpp"
#include "option.hpp"
#include "render/diagnostics.hpp"
#include "render/exit.hpp"
#include "render/table.hpp"

namespace aiot::cli {
namespace {

using render::text_width;

/// Left column, and text folded beside it (below it, when the left is too wide).
std::string entry(const std::string& left, const std::string& text, std::size_t column,
                  std::size_t width) {
  std::string body = render::wrap(text, width, column);
  const std::string head = "  " + left;
  if (text_width(head) + 2 > column) return head + '\n' + body;
  if (body.empty()) return head + '\n';
  return head + std::string(column - text_width(head), ' ') + body.substr(column);
}

std::string section(const char* title, HelpStyle style) {
  return '\n' + render::styled(title, "1", style.color) + '\n';
}

/// The words of a list with blanks between them.
std::vector<std::string> words_of(std::string_view list) {
  std::istringstream words{std::string(list)};
  return {std::istream_iterator<std::string>(words), {}};
}

std::string options_section(const char* title, const std::vector<Option>& options,
                            HelpStyle style) {
  if (options.empty()) return "";
  std::string out = section(title, style);
  for (const Option& option : options) {
    const std::string indent = option.short_name().empty() ? "    " : "";
    out += entry(indent + option_spelling(option), option_help(option), 28, style.width);
  }
  return out;
}

/// Those that are often needed first, the rest below.
std::string command_options(const Command& command, HelpStyle style) {
  std::vector<Option> common;
  for (const std::string& name : words_of(command.common)) {
    if (const Option* option = find_option(command.options, name)) common.push_back(*option);
  }
  if (common.empty()) return options_section("Options", command.options, style);
  std::vector<Option> others;
  std::ranges::copy_if(command.options, std::back_inserter(others), [&](const Option& option) {
    return find_option(common, option.long_name()) == nullptr;
  });
  return options_section("Common options", common, style) +
         options_section("Other options", others, style);
}

}  // namespace

std::size_t help_width(const Environment& environment) {
  const Terminal& terminal = environment.terminal;
  const std::size_t columns =
      terminal.columns && (terminal.out || terminal.err) ? terminal.columns() : 80;
  return std::clamp<std::size_t>(columns, 40, 100);
}

std::string usage_line(const Command& command, const std::vector<std::string>& path) {
  std::string line = spelled(path);
  if (!command.commands.empty() && !command.handler) line += " COMMAND";
  if (!command.options.empty()) line += " [OPTIONS]";
  for (const Positional& p : command.positionals) {
    const std::string word = p.name + (p.max == 1 ? "" : "…");
    line += p.min == 0 ? fmt::format(" [{}]", word) : " " + word;
  }
  return line;
}

std::string option_spelling(const Option& option) {
  std::string text = option.short_name();
  if (!text.empty()) text += ", ";
  text += option.long_name();
  if (!option.is_flag()) text += ' ' + option.value;
  return text;
}

std::string option_help(const Option& option) {
  std::string text = option.help;
  if (!option.choices.empty()) {
    const bool explained = std::any_of(option.choices.begin(), option.choices.end(),
                                       [](const Choice& c) { return !c.help.empty(); });
    std::vector<std::string> words;
    for (const Choice& c : option.choices) {
      words.push_back(explained && !c.help.empty() ? fmt::format("{} ({})", c.name, c.help)
                                                   : c.name);
    }
    text += fmt::format(": {}", fmt::join(words, ", "));
  }
  if (!option.key.empty()) {
    for (const ConfigKey& key : config_keys()) {
      const bool telling = !key.default_value.empty() && key.default_value != "0";
      if (key.name == option.key && telling) text += fmt::format(" [{}]", key.default_value);
    }
  }
  return text;
}

void print_help(std::ostream& out, const Command& command, const std::vector<std::string>& path,
                HelpStyle style) {
  out << render::wrap(spelled(path) + ": " + command.summary, style.width);
  out << section("Usage", style);
  out << "  " << usage_line(command, path) << '\n';
  if (!command.commands.empty() && command.handler) {
    out << "  " << spelled(path) << " VERB …\n";
  }
  if (!command.description.empty()) {
    out << '\n' << render::wrap(command.description, style.width);
  }
  if (!command.positionals.empty()) {
    out << section("Arguments", style);
    for (const Positional& p : command.positionals) out << entry(p.name, p.help, 14, style.width);
  }
  if (!command.commands.empty()) {
    out << section(path.empty() ? "Commands" : "Verbs", style);
    for (const Command& c : command.commands) out << entry(c.name, c.summary, 14, style.width);
  }
  const bool root = path.empty();
  if (!root) out << command_options(command, style);
  if (!command.examples.empty()) {
    out << section("Examples", style);
    for (const Example& e : command.examples) {
      out << render::wrap(e.text + ":", style.width, 2) << "    aiotctl " << e.command << '\n';
    }
  }
  if (!command.commands.empty()) {
    out << '\n'
        << "`" << spelled(path) << (root ? " COMMAND" : " VERB")
        << " --help` describes each.\n";
  }
  std::vector<std::string> global;
  for (const Option& option : root_command().options) {
    global.push_back(option.short_name().empty() ? option.long_name() : option.short_name());
  }
  out << '\n'
      << render::wrap(fmt::format("Each command also takes {}: `aiotctl help options`.",
                                  fmt::join(global, " ")),
                      style.width);
}

void print_global_options(std::ostream& out, HelpStyle style) {
  out << render::wrap(
             "Every command takes these options; they are given before or after it. `aiotctl config "
             "show` prints the defaults.",
             style.width)
      << options_section("Global options", root_command().options, style);
}

void print_exit_codes(std::ostream& out, HelpStyle style) {
  out << "Exit codes of aiotctl:\n";
  for (const auto& [code, meaning] : render::exit_meanings()) {
    out << entry(fmt::format("{:3}", code), std::string(meaning), 8, style.width);
  }
  out << '\n'
      << render::wrap(
             "With several devices the code is 10 when some failed and others did not. When all "
             "failed it is the code of their common reason, or 10 when the reasons differ; --json "
             "has the reason of each.",
             style.width);
}

}  // namespace aiot::cli

namespace aiot::cli::command {
namespace {

int run_help(Context& context) {
  const HelpStyle style{help_width(context.environment), context.settings.color_out};
  const auto& words = context.args.items;
  if (words.size() == 1 && words[0] == "exit-codes") {
    print_exit_codes(context.out, style);
    return 0;
  }
  if (words.size() == 1 && words[0] == "options") {
    print_global_options(context.out, style);
    return 0;
  }
  const Command* command = &root_command();
  for (const std::string& word : words) {
    const Command* next = find_command(*command, word);
    if (!next) {
      std::vector<std::string> names;
      for (const Command& c : command->commands) names.push_back(c.name);
      if (command == &root_command()) names.insert(names.end(), {"options", "exit-codes"});
      const std::string near = nearest_word(word, names);
      return context.fail(
          make_error(Errc::unknown_command, fmt::format("help: \"{}\"", word),
                     near.empty() ? fmt::format("there is help on {}", fmt::join(names, ", "))
                                  : fmt::format("did you mean {}?", near)));
    }
    command = next;
  }
  print_help(context.out, *command, words, style);
  return 0;
}

}  // namespace

Command help() {
  return {
      .name = "help",
      .summary = "explain a command, the global options, or the exit codes",
      .description = "",
      .positionals = {{.name = "TOPIC",
                       .help = "a command such as `flash write`; options; exit-codes",
                       .min = 0,
                       .max = 0,
                       .choices = {"discover", "pair", "flash", "ota", "listen", "bench", "sim",
                                   "doctor", "config", "completion", "schema", "options",
                                   "exit-codes"}}},
      .examples = {{"help flash write", "The options of one command"},
                   {"help options", "The options of every command"},
                   {"help exit-codes", "What a script can rely on"}},
      .handler = run_help,
  };
}

}  // namespace aiot::cli::command
