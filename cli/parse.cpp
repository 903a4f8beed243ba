// The one file that includes CLI11: it costs ten seconds of compile time.
#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>

#include "aiot/units.hpp"
#include "arguments.hpp"
#include "errors.hpp"

namespace aiot::cli {
namespace {

std::string help_place(const std::vector<std::string>& path) {
  return fmt::format("see `{} --help`", spelled(path));
}

std::string suggestion(const std::string& word, const std::vector<std::string>& candidates,
                       const std::vector<std::string>& path) {
  const std::string near = nearest_word(word, candidates);
  return near.empty() ? help_place(path)
                      : fmt::format("did you mean {}? {}", near, help_place(path));
}

bool is_option(const std::string& word) { return word.size() > 1 && word.front() == '-'; }

/// esptool spells its older options with underscores.
std::string with_dashes(std::string word) {
  if (!word.starts_with("--")) return word;
  const auto end = std::min(word.find('='), word.size());
  std::replace(word.begin(), word.begin() + static_cast<std::ptrdiff_t>(end), '_', '-');
  return word;
}

/// Takes the words that name the command out of `args`, skipping options and their values.
Result<void> take_path(std::vector<std::string>& args, Arguments& out) {
  const Command& root = root_command();
  out.command = &root;
  for (std::size_t i = 0; i < args.size();) {
    const std::string& word = args[i];
    if (word == "--") break;
    if (is_option(word)) {
      const Option* option = find_option(out.command->options, word);
      if (!option) option = find_option(root.options, word);
      i += option && !option->is_flag() ? 2 : 1;
      continue;
    }
    const Command* next = find_command(*out.command, word);
    if (!next && out.command == &root) {
      std::vector<std::string> names;
      for (const Command& command : root.commands) names.push_back(command.name);
      return make_error(Errc::unknown_command, fmt::format("\"{}\"", word),
                        suggestion(word, names, out.path));
    }
    if (!next) break;
    out.command = next;
    out.path.push_back(word);
    args.erase(args.begin() + static_cast<std::ptrdiff_t>(i));
  }
  return {};
}

/// `value` by its canonical spelling, when it is one of the choices.
std::optional<std::string> canonical(const Option& option, std::string value) {
  const auto same = [&](const std::string& name) { return name == value; };
  std::replace(value.begin(), value.end(), '_', '-');
  for (const Choice& choice : option.choices) {
    if (same(choice.name) || std::any_of(choice.aliases.begin(), choice.aliases.end(), same)) {
      return choice.name;
    }
  }
  return std::nullopt;
}

Result<void> check_choices(const std::vector<Option>& options, Arguments& out) {
  for (const Option& option : options) {
    const auto given = out.options.find(option.long_name());
    if (option.choices.empty() || given == out.options.end()) continue;
    for (std::string& value : given->second) {
      if (const auto known = canonical(option, value)) {
        value = *known;
        continue;
      }
      std::vector<std::string> names;
      for (const Choice& choice : option.choices) names.push_back(choice.name);
      return make_error(Errc::bad_value, fmt::format("{} {}", option.long_name(), value),
                        fmt::format("{} takes {}", option.long_name(), fmt::join(names, ", ")));
    }
  }
  return {};
}

Result<void> check_items(const Arguments& args) {
  std::size_t least = 0;
  std::size_t most = 0;
  bool any_number = false;
  for (const Positional& positional : args.command->positionals) {
    if (args.items.size() < least + positional.min) {
      return make_error(
          Errc::missing_argument, fmt::format("{}: {}", spelled(args.path), positional.name),
          fmt::format("{} is {}; {}", positional.name, positional.help, help_place(args.path)));
    }
    least += positional.min;
    most += positional.max;
    any_number = any_number || positional.max == 0;
  }
  if (!any_number && args.items.size() > most) {
    return make_error(Errc::too_many_arguments,
                      fmt::format("{}: \"{}\"", spelled(args.path), args.items[most]),
                      help_place(args.path));
  }
  return {};
}

/// CLI11's complaint in our words.
Error translate(const CLI::ParseError& error, const std::vector<Option>& options,
                const std::vector<std::string>& path) {
  const std::string what = error.what();
  for (const Option& option : options) {
    if (option.is_flag() && what.starts_with(option.long_name().substr(2) + " was given")) {
      return make_error(Errc::bad_value, fmt::format("{} takes no value", option.long_name()),
                        help_place(path));
    }
    if (option.is_flag() || !what.starts_with(option.long_name() + ":")) continue;
    return make_error(Errc::missing_value, fmt::format("{} {}", option.long_name(), option.value),
                      fmt::format("{}: {}", option.long_name(), option.help));
  }
  return make_error(Errc::bad_value, what, help_place(path));
}

}  // namespace

std::string spelled(const std::vector<std::string>& path) {
  return path.empty() ? "aiotctl" : fmt::format("aiotctl {}", fmt::join(path, " "));
}

std::optional<std::string> Arguments::get(const std::string& name) const {
  const auto it = options.find(name);
  return it == options.end() || it->second.empty() ? std::nullopt
                                                   : std::optional(it->second.back());
}

std::vector<std::string> Arguments::all(const std::string& name) const {
  const auto it = options.find(name);
  return it == options.end() ? std::vector<std::string>() : it->second;
}

Result<Arguments> parse(const std::vector<std::string>& given) {
  Arguments out;
  std::vector<std::string> args;
  bool literal = false;
  for (const std::string& word : given) {
    args.push_back(literal ? word : with_dashes(word));
    literal = literal || word == "--";
  }
  AIOT_CHECK(take_path(args, out));

  std::vector<Option> options = out.command->options;
  if (out.command != &root_command()) {
    const auto& global = root_command().options;
    options.insert(options.end(), global.begin(), global.end());
  }

  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  std::vector<std::vector<std::string>> values(options.size());
  for (std::size_t i = 0; i < options.size(); ++i) {
    if (options[i].is_flag()) {
      app.add_flag(options[i].names)->disable_flag_override();
      continue;
    }
    app.add_option(options[i].names, values[i])
        ->expected(1)
        ->allow_extra_args(false)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  }
  app.add_option("items", out.items)->expected(-1);

  std::optional<Error> complaint;
  try {
    app.parse(std::vector<std::string>(args.rbegin(), args.rend()));
  } catch (const CLI::ParseError& error) {
    complaint = translate(error, options, out.path);
  }
  // An unknown option explains what follows it, so it is looked at first.
  for (const std::string& extra : app.remaining()) {
    if (extra == "--" || !is_option(extra)) continue;
    const std::string name = extra.substr(0, extra.find('='));
    return make_error(Errc::unknown_option, fmt::format("{}: {}", spelled(out.path), name),
                      suggestion(name, long_options(*out.command), out.path));
  }
  if (complaint) return *complaint;

  for (std::size_t i = 0; i < options.size(); ++i) {
    const std::string name = options[i].long_name();
    const std::size_t times = options[i].is_flag() ? app.count(name) : 0;
    if (times > 0) out.options[name] = std::vector<std::string>(times, "true");
    if (!values[i].empty()) out.options[name] = std::move(values[i]);
  }
  AIOT_CHECK(check_choices(options, out));
  if (!out.has("--help")) {
    AIOT_CHECK(check_items(out));
  }
  return out;
}

}  // namespace aiot::cli
