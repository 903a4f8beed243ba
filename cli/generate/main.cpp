#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "aiot/config.hpp"
#include "aiot/sim.hpp"
#include "errors.hpp"
#include "generate/completion.hpp"
#include "help.hpp"
#include "option.hpp"
#include "process.hpp"
#include "render/exit.hpp"
#include "render/schema.hpp"

namespace aiot::cli::generate {
namespace {

constexpr std::string_view marker = "; generated: ";

/// scdoc takes `_`, `*` and others as markup.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '_' || c == '*' || c == '\\' || c == '#' || c == '<' || c == '>') out += '\\';
    out += c;
  }
  return out;
}

std::string option_list(const std::vector<Option>& options) {
  std::string out;
  for (const Option& option : options) {
    std::string names = fmt::format("*{}*", option.long_name());
    if (!option.short_name().empty()) names = fmt::format("*{}*, {}", option.short_name(), names);
    if (!option.is_flag()) names += fmt::format(" _{}_", escaped(option.value));
    std::string more;
    if (!option.key.empty()) {
      more = fmt::format(" Setting: *{}*.", escaped(option.key));
    }
    out += fmt::format("{}\n\t{}.{}\n\n", names, escaped(option_help(option)), more);
  }
  return out;
}

std::string exit_codes() {
  std::string out;
  for (const auto& [code, meaning] : render::exit_meanings()) {
    out += fmt::format("*{}*\n\t{}\n\n", code, escaped(meaning));
  }
  return out;
}

std::string settings() {
  std::string out;
  for (const ConfigKey& key : config_keys()) {
    const std::string type(key.choices.empty() ? key.type : key.choices);
    out += fmt::format("*{}* ({}; {})\n\t{}.", escaped(key.name), escaped(type),
                       escaped(config_variable(key.name)), escaped(key.description));
    if (!key.default_value.empty()) out += fmt::format(" Default: {}.", escaped(key.default_value));
    if (key.trusted_only) out += " Ignored in ./aiot.yaml.";
    out += "\n\n";
  }
  return out;
}

std::string choice_list(const std::vector<sim::Choice>& choices) {
  std::string out;
  for (const sim::Choice& choice : choices) {
    out += fmt::format("*{}*\n\t{}.\n\n", escaped(choice.name), escaped(choice.description));
  }
  return out;
}

std::string grammar() {
  std::string out;
  std::istringstream lines(sim::fault_grammar());
  for (std::string line; std::getline(lines, line);) out += escaped(line) + "\n\n";
  return out;
}

Result<std::string> section(const std::string& what) {
  if (what == "exit-codes") return exit_codes();
  if (what == "settings") return settings();
  if (what == "sim faults") return grammar() + choice_list(sim::faults());
  if (what == "sim stages") return choice_list(sim::stages());
  if (what == "sim profiles") return choice_list(sim::profiles());
  std::istringstream words(what);
  std::string word;
  words >> word;
  const Command* command = word == "options" ? &root_command() : nullptr;
  while (command && words >> word) command = find_command(*command, word);
  if (!command) {
    return make_error(Errc::internal, fmt::format("\"{}{}\" names nothing", marker, what));
  }
  return option_list(command->options);
}

}  // namespace

/// A manual page (scdoc) with what stands between its markers made anew:
///
///     ; generated: options flash write        the options of a command
///     ; generated: options                    the global ones
///     ; generated: exit-codes
///     ; generated: settings                   the configuration's keys
///     …
///     ; end
///
/// Fails for a marker that names nothing, or has no end.
Result<std::string> renew_man_page(const std::string& text) {
  std::istringstream lines(text);
  std::string out;
  bool skipping = false;
  for (std::string line; std::getline(lines, line);) {
    if (skipping && line != "; end") continue;
    skipping = false;
    out += line + '\n';
    if (!line.starts_with(marker)) continue;
    AIOT_TRY(const std::string body, section(line.substr(marker.size())));
    out += '\n' + body;
    skipping = true;
  }
  if (skipping) return make_error(Errc::internal, "a marker has no \"; end\"");
  return out;
}

}  // namespace aiot::cli::generate

/// aiotctl-generate SOURCE OUTPUT: writes the completions, the JSON Schemas, and the manual pages
/// of SOURCE with their option lists renewed, below OUTPUT. With SOURCE twice it renews the tree.
namespace {

namespace fs = std::filesystem;

bool write_file(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream out(path, std::ios::binary);
  out << text;
  out.flush();
  if (!out) std::cerr << "cannot write " << path.string() << '\n';
  return static_cast<bool>(out);
}

std::string read_file(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: aiotctl-generate SOURCE OUTPUT\n";
    return 2;
  }
  const fs::path source = argv[1];
  const fs::path output = argv[2];
  aiot::cli::ProcessSignals signals;
  const auto environment = aiot::cli::real_environment(signals);
  namespace generate = aiot::cli::generate;
  namespace render = aiot::cli::render;

  bool ok = write_file(output / "completions/aiotctl.bash", generate::bash_completion(environment));
  ok &= write_file(output / "completions/_aiotctl", generate::zsh_completion(environment));
  ok &= write_file(output / "completions/aiotctl.fish", generate::fish_completion(environment));
  for (const std::string& name : render::schema_names()) {
    ok &= write_file(output / "cli/schema" / render::schema_file(name),
                     render::schema_text(name).value_or(""));
  }
  for (const auto& page : fs::directory_iterator(source / "man")) {
    if (page.path().extension() != ".scd") continue;
    const auto text = generate::renew_man_page(read_file(page.path()));
    if (!text.has_value()) {
      std::cerr << page.path().string() << ": " << text.error().message() << '\n';
      ok = false;
      continue;
    }
    ok &= write_file(output / "man" / page.path().filename(), *text);
  }
  return ok ? 0 : 1;
}
