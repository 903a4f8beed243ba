#include "help.hpp"

#include <fmt/format.h>

#include "aiot/units.hpp"
#include "command/commands.hpp"
#include "context.hpp"
#include "errors.hpp"

namespace aiot::cli::command {
namespace {

int run_help(Context& context) {
  const HelpStyle style{help_width(context.environment), context.settings.color_out};
  const auto& words = context.args.items;
  if (words.size() == 1 && words[0] == "exit-codes") {
    print_exit_codes(context.out, style);
    return 0;
  }
  const Command* command = &root_command();
  for (const std::string& word : words) {
    const Command* next = find_command(*command, word);
    if (!next) {
      std::vector<std::string> names;
      for (const Command& c : command->commands) names.push_back(c.name);
      if (command == &root_command()) names.emplace_back("exit-codes");
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
      .summary = "explain a command, or the exit codes",
      .description = "",
      .positionals = {{.name = "TOPIC",
                       .help = "a command such as `flash write`, or exit-codes",
                       .min = 0,
                       .max = 0,
                       .choices = {"flash", "sim", "config", "completion", "schema",
                                   "exit-codes"}}},
      .examples = {{"help flash write", "The options of one command"},
                   {"help exit-codes", "What a script can rely on"}},
      .handler = run_help,
  };
}

}  // namespace aiot::cli::command
