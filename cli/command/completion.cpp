#include "generate/completion.hpp"

#include <ostream>

#include "command/commands.hpp"
#include "context.hpp"

namespace aiot::cli::command {
namespace {

int run_completion(Context& context) {
  const std::string& shell = context.args.items.front();
  const auto script = generate::completion(shell, context.environment);
  if (!script.has_value()) return context.fail(script.error());
  context.out << *script;
  return 0;
}

}  // namespace

Command completion() {
  return {
      .name = "completion",
      .summary = "print the completion script of a shell",
      .description = "An installed aiotctl has its completions already; this is for a copied one.",
      .positionals = {{.name = "SHELL",
                       .help = "bash, zsh or fish",
                       .choices = {"bash", "zsh", "fish"}}},
      .examples = {{"completion bash > ~/.local/share/bash-completion/completions/aiotctl",
                    "For bash"},
                   {"completion fish > ~/.config/fish/completions/aiotctl.fish", "For fish"}},
      .handler = run_completion,
  };
}

}  // namespace aiot::cli::command
