#include "generate/completion.hpp"

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

Result<std::string> completion(const std::string& shell, const Environment& environment) {
  if (shell == "bash") return bash_completion(environment);
  if (shell == "zsh") return zsh_completion(environment);
  if (shell == "fish") return fish_completion(environment);
  return make_error(Errc::bad_value, "completion: \"" + shell + "\"", "there are bash, zsh, fish");
}

}  // namespace aiot::cli::generate
