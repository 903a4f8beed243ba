#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aiot/result.hpp"
#include "aiot/value.hpp"

/// The command line as data. Parsing, help, completions and the manual pages' option lists are all
/// made from these descriptions, so that they cannot disagree.
namespace aiot::cli {

/// What a shell offers for a word.
enum class Complete { nothing, file, folder, address, key };

/// One of the fixed words an option takes; `aliases` are other tools' names for the same.
struct Choice {
  std::string name;
  std::string help = {};
  std::vector<std::string> aliases = {};
};

struct Option {
  std::string names;       ///< "-o,--output"; the last is the one used to look it up
  std::string value = {};  ///< what the help calls the value; empty for a flag
  std::string help;
  std::string key = {};  ///< the configuration key that gives the default
  std::vector<Choice> choices = {};
  Complete complete = Complete::nothing;
  bool repeatable = false;

  bool is_flag() const { return value.empty(); }
  /// "--output"
  std::string long_name() const;
  /// "-o", or ""
  std::string short_name() const;
};

struct Positional {
  std::string name;  ///< "ADDRESS"
  std::string help;
  unsigned min = 1;
  unsigned max = 1;  ///< 0: any number
  Complete complete = Complete::nothing;
  std::vector<std::string> choices = {};
};

struct Example {
  std::string command;  ///< without the leading "aiotctl "
  std::string text;
};

struct Context;

/// A command with its verbs.
struct Command {
  std::string name;
  std::string summary;      ///< one line, no full stop
  std::string description;  ///< paragraphs, separated by an empty line
  std::vector<Positional> positionals = {};
  std::vector<Option> options = {};
  std::string_view common = {};  ///< those of the options that the help lists first, in this order
  std::vector<Example> examples = {};
  std::vector<Command> commands = {};
  int (*handler)(Context&) = nullptr;  ///< nullptr: only its verbs can be run
  /// It changes something and cannot say beforehand what: --dry-run is refused, not ignored.
  bool no_dry_run = false;
  /// render::lists_of<…> the types of its results: the `data` of a run that ends before it has one.
  Object (*lists)() = nullptr;
};

/// Every command, below a nameless root whose options are the global ones. Built on first use.
const Command& root_command();

/// The verb of `parent` called `name`, or nullptr.
const Command* find_command(const Command& parent, const std::string& name);

/// The option of `options` that `name` ("-o", "--output") means, or nullptr.
const Option* find_option(const std::vector<Option>& options, const std::string& name);

/// Names of every long option that `command` takes, the global ones too.
std::vector<std::string> long_options(const Command& command);

/// A command line after parsing. Options are looked up by their long name, "--output".
struct Arguments {
  const Command* command = nullptr;
  std::vector<std::string> path;   ///< "flash", "write"
  std::vector<std::string> items;  ///< positionals, in order
  std::map<std::string, std::vector<std::string>> options;

  bool has(const std::string& name) const { return options.contains(name); }
  /// The last value given.
  std::optional<std::string> get(const std::string& name) const;
  /// Every value given, in order; empty when not given.
  std::vector<std::string> all(const std::string& name) const;
  /// How often a flag was given.
  std::size_t count(const std::string& name) const { return all(name).size(); }
};

/// Splits a command line (without the program's name) by the tree under root_command(). Global
/// options are taken anywhere; `_` in a long option means `-`; a choice is given back by its
/// canonical name. Fails with Condition::usage; the number of positionals is not checked when
/// --help is there. `reached` becomes the command that the line names, as far as it makes sense.
Result<Arguments> parse(const std::vector<std::string>& args, const Command*& reached);

/// What does here what another tool calls `word`, an option or a command; "" when that is not
/// known.
std::string_view foreign_hint(std::string word);

/// "aiotctl flash write"
std::string spelled(const std::vector<std::string>& path);

}  // namespace aiot::cli
