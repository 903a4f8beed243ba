// The one file that includes CLI11: it costs ten seconds of compile time.
#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <array>

#include "aiot/units.hpp"
#include "errors.hpp"
#include "option.hpp"

namespace aiot::cli {
namespace {

std::string see_help(const std::vector<std::string>& path) {
  return fmt::format("see `{} --help`", spelled(path));
}

bool is_option(const std::string& word) { return word.size() > 1 && word.front() == '-'; }

/// Words of esptool, idf.py, mcumgr, chip-tool and their like, and what does it here.
struct ForeignWord {
  std::string_view word;
  std::string_view hint;
};
constexpr std::array<ForeignWord, 55> foreign_words = {{
    {"--after", "`aiotctl flash reset ADDRESS` resets the chip; a write does so by itself"},
    {"--connstring", "the device is an argument, such as udp://192.168.1.40 or /dev/ttyACM0"},
    {"--conntype", "the device is an argument, such as udp://192.168.1.40 or /dev/ttyACM0"},
    {"--host", "the broker and the topic are one argument: aiotctl listen mqtt://HOST/TOPIC"},
    {"--ip", "the device is an argument, such as miio://192.168.1.7 or udp://192.168.1.40"},
    {"--port", "the device is an argument: aiotctl flash write /dev/ttyUSB0 app.bin@0x10000"},
    {"--token", "a token is a secret, which is read from a file: `aiotctl pair --token-file FILE`"},
    {"--topic", "the broker and the topic are one argument: aiotctl listen mqtt://HOST/TOPIC"},
    {"-p", "the device is an argument: aiotctl flash write /dev/ttyUSB0 app.bin@0x10000"},
    {"-t", "the broker and the topic are one argument: aiotctl listen mqtt://HOST/TOPIC"},
    {"app_flash", "`aiotctl flash write ADDRESS FILE@OFFSET` writes flash"},
    {"attach", "`aiotctl listen ADDRESS` prints what a device sends"},
    {"browse", "`aiotctl discover` finds nearby devices"},
    {"burn_efuse", "aiotctl burns no eFuses; `aiotctl flash info ADDRESS` shows what they forbid"},
    {"burn_key", "aiotctl burns no eFuses; `aiotctl flash info ADDRESS` shows what they forbid"},
    {"chip_id", "`aiotctl flash info ADDRESS` shows chip, MAC and flash"},
    {"commission", "`aiotctl pair CODE` brings a device to the network"},
    {"commit", "`aiotctl ota confirm` keeps the image on trial"},
    {"console", "`aiotctl listen ADDRESS` prints what a device sends"},
    {"devices", "`aiotctl discover` finds nearby devices"},
    {"dfu", "`aiotctl ota push ADDRESS IMAGE` updates a device that runs"},
    {"dumpinfo", "`aiotctl ota verify FILE` explains an image, and checks its signature"},
    {"echo", "`aiotctl ota smp ADDRESS REQUEST` sends a single request of SMP"},
    {"elf2image", "`aiotctl flash write` takes an ELF file as it is"},
    {"erase_flash", "`aiotctl flash erase ADDRESS --all` erases all"},
    {"erase_region", "`aiotctl flash erase ADDRESS --offset BYTES --size BYTES` erases a part"},
    {"flash_id", "`aiotctl flash info ADDRESS` shows chip, MAC and flash"},
    {"fs", "`aiotctl ota smp ADDRESS REQUEST` sends a single request of SMP"},
    {"getpub", "`aiotctl ota keygen FILE` prints the public key, too"},
    {"handshake", "`aiotctl discover --only miio` finds devices that speak miIO"},
    {"image",
     "`aiotctl flash image FILE` explains a file; `aiotctl ota smp ADDRESS images` lists a "
     "device's images"},
    {"image_info", "`aiotctl flash image FILE` explains an image"},
    {"install", "`aiotctl ota push ADDRESS IMAGE` updates a device that runs"},
    {"log", "`aiotctl listen ADDRESS` prints what a device sends"},
    {"logs", "`aiotctl listen ADDRESS` prints what a device sends"},
    {"merge_bin", "`aiotctl flash merge` makes one file of several"},
    {"miiocli", "`aiotctl discover --only miio` finds devices that speak miIO"},
    {"monitor", "`aiotctl listen ADDRESS` prints what a device sends"},
    {"mosquitto_sub", "`aiotctl listen mqtt://BROKER/TOPIC` subscribes to a topic"},
    {"pairing", "`aiotctl pair CODE` brings a device to the network"},
    {"payload", "`aiotctl pair show CODE` explains a setup code"},
    {"provision", "`aiotctl pair CODE` brings a device to the network"},
    {"read_flash", "`aiotctl flash read ADDRESS --all -o FILE` reads flash"},
    {"read_mac", "`aiotctl flash info ADDRESS` shows chip, MAC and flash"},
    {"rollback", "`aiotctl ota confirm --roll-back` boots the image before"},
    {"scan", "`aiotctl discover` finds nearby devices"},
    {"shell", "`aiotctl ota smp ADDRESS REQUEST` sends a single request of SMP"},
    {"sub", "`aiotctl listen mqtt://BROKER/TOPIC` subscribes to a topic"},
    {"subscribe", "`aiotctl listen mqtt://BROKER/TOPIC` subscribes to a topic"},
    {"taskstat", "`aiotctl ota smp ADDRESS REQUEST` sends a single request of SMP"},
    {"update", "`aiotctl ota push ADDRESS IMAGE` updates a device that runs"},
    {"upload",
     "`aiotctl flash write ADDRESS FILE` writes flash; `ota push` updates a device that runs"},
    {"verify_flash", "`aiotctl flash verify ADDRESS FILE` compares flash with a file"},
    {"write_flash", "`aiotctl flash write ADDRESS FILE@OFFSET` writes flash"},
    {"write_mem", "`aiotctl flash write ADDRESS FILE@OFFSET` writes flash"},
}};

std::string suggestion(const std::string& word, const std::vector<std::string>& candidates,
                       const std::vector<std::string>& path) {
  if (const auto hint = foreign_hint(word); !hint.empty()) return std::string(hint);
  if (path.empty()) {
    std::vector<std::string> elsewhere;
    for (const Command& command : root_command().commands) {
      if (!find_command(command, word)) continue;
      elsewhere.push_back(spelled({command.name, word}));
    }
    if (!elsewhere.empty()) return fmt::format("did you mean {}?", fmt::join(elsewhere, " or "));
  }
  const std::string near = nearest_word(word, candidates);
  return near.empty() ? see_help(path) : fmt::format("did you mean {}? {}", near, see_help(path));
}

std::vector<std::string> names_of(const std::vector<Command>& commands) {
  std::vector<std::string> names;
  for (const Command& command : commands) names.push_back(command.name);
  return names;
}

/// esptool spells its older options with underscores.
std::string with_dashes(std::string word) {
  if (!word.starts_with("--")) return word;
  const auto end = std::min(word.find('='), word.size());
  std::replace(word.begin(), word.begin() + static_cast<std::ptrdiff_t>(end), '_', '-');
  return word;
}

/// CLI11 takes words from the end of the list.
std::vector<std::string> reversed(const std::vector<std::string>& given) {
  std::vector<std::string> words;
  bool literal = false;
  for (const std::string& word : given) {
    words.push_back(literal ? word : with_dashes(word));
    literal = literal || word == "--";
  }
  std::reverse(words.begin(), words.end());
  return words;
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

/// The positionals of a command as one list: `find_targets` and the verbs distinguish them.
struct ItemCounts {
  std::size_t least = 0;
  std::size_t most = 0;
  bool unlimited = false;
};
ItemCounts count_items(const Command& command) {
  ItemCounts counts;
  for (const Positional& positional : command.positionals) {
    counts.least += positional.min;
    counts.most += positional.max;
    counts.unlimited = counts.unlimited || positional.max == 0;
  }
  return counts;
}

/// The command descriptions as a tree of CLI::App. A command's options are added when the command
/// is met: most of the tree is never built.
class Parser {
 public:
  Parser() {
    app_.set_help_flag("-h,--help");
    app_.set_version_flag("-V,--version", std::string());
    app_.fallthrough();
    describe(app_, root_command());
  }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  Result<Arguments> parse(const std::vector<std::string>& given) {
    std::vector<std::string> words = reversed(given);
    const std::vector<std::string> all = words;
    std::optional<Error> failure;
    try {
      app_.parse(words);
    } catch (const CLI::CallForHelp&) {
      out_.options["--help"] = {"true"};
    } catch (const CLI::CallForVersion&) {
      out_.options["-V"] = {"true"};  // a verb may have a --version of its own
    } catch (const CLI::ValidationError&) {
      failure = std::move(bad_choice_);
    } catch (const CLI::RequiredError&) {
      failure = missing_item();
    } catch (const CLI::ArgumentMismatch&) {
      failure = mismatch(all[words.size()]);
    } catch (const CLI::ExtrasError&) {
      // Reported below.
    } catch (const CLI::ParseError& error) {
      failure = make_error(Errc::bad_value, error.what(), see_help(out_.path));
    }
    const bool informs = out_.has("--help") || out_.has("-V");
    // An unknown option explains what follows it, so it is reported first.
    if (auto other = other_option(); other && !informs) return *std::move(other);
    if (auto extra = extras(); extra && !informs) return *std::move(extra);
    if (misplaced_ && !informs) return *std::move(misplaced_);
    if (failure) return *std::move(failure);
    collect();
    return std::move(out_);
  }

  /// The command or verb that the last line came to.
  const Command* reached() const { return levels_.back().command; }

 private:
  struct Level {
    const Command* command;
    CLI::App* app;
  };

  void describe(CLI::App& app, const Command& command) {
    if (!levels_.empty()) close_items(*levels_.back().app, command);
    levels_.push_back({&command, &app});
    out_.command = &command;
    if (levels_.size() > 1) out_.path.push_back(command.name);
    for (const Option& option : command.options) add_option(app, option);
    add_items(app, command);
    for (const Command& verb : command.commands) {
      CLI::App* sub = app.add_subcommand(verb.name);
      sub->preparse_callback([this, sub, &verb](std::size_t) { describe(*sub, verb); });
    }
    app.require_subcommand(0, 1);
  }

  void add_option(CLI::App& app, const Option& option) {
    if (option.is_flag()) {
      if (option.long_name() == "--help" || option.long_name() == "--version") return;
      app.add_flag(option.names)->disable_flag_override();
      return;
    }
    CLI::Option* added = app.add_option(option.names);
    added->expected(1)->allow_extra_args(false)->take_all();
    if (option.choices.empty()) return;
    added->transform(CLI::Validator(
        [this, &option](std::string& value) {
          if (auto known = canonical(option, value)) {
            value = *std::move(known);
            return std::string();
          }
          std::vector<std::string> names;
          for (const Choice& choice : option.choices) names.push_back(choice.name);
          bad_choice_ =
              make_error(Errc::bad_value, fmt::format("{} {}", option.long_name(), value),
                         fmt::format("{} takes {}", option.long_name(), fmt::join(names, ", ")));
          return std::string("not a choice");
        },
        ""));
  }

  static void add_items(CLI::App& app, const Command& command) {
    if (command.positionals.empty()) return;
    const ItemCounts counts = count_items(command);
    CLI::Option* items = app.add_option("items");
    const int least = static_cast<int>(std::max<std::size_t>(counts.least, 1));
    // A negative number is "at least".
    items->expected(counts.unlimited ? -least : static_cast<int>(counts.most));
    items->take_all();
    // A required positional would take a verb's name.
    items->required(counts.least > 0 && command.commands.empty());
  }

  /// What follows `verb` is the verb's; arguments before it are an error.
  void close_items(CLI::App& parent, const Command& verb) {
    CLI::Option* items = parent.get_option_no_throw("items");
    if (items == nullptr) return;
    if (!items->empty()) {
      misplaced_ = make_error(
          Errc::too_many_arguments,
          fmt::format("{}: \"{}\" before the verb \"{}\"", spelled(out_.path),
                      items->results().front(), verb.name),
          fmt::format("arguments follow the verb; a file of this name is ./{}", verb.name));
    }
    parent.remove_option(items);
  }

  const Level& leaf() const { return levels_.back(); }

  /// The option or command that does not exist, or the argument too many.
  std::optional<Error> extras() const {
    const std::vector<std::string> words = app_.remaining(true);
    bool literal = false;
    std::optional<std::string> first_item;
    for (const std::string& word : words) {
      if (word == "--") {
        literal = true;
      } else if (!literal && is_option(word)) {
        return unknown_option(word.substr(0, word.find('=')));
      } else if (!first_item) {
        first_item = word;
      }
    }
    if (!first_item) return std::nullopt;
    const Command& command = *leaf().command;
    if (!command.commands.empty() && command.positionals.empty()) {
      const std::string where = out_.path.empty() ? "" : spelled(out_.path) + ": ";
      return make_error(Errc::unknown_command, fmt::format("{}\"{}\"", where, *first_item),
                        suggestion(*first_item, names_of(command.commands), out_.path));
    }
    return make_error(Errc::too_many_arguments,
                      fmt::format("{}: \"{}\"", spelled(out_.path), *first_item),
                      see_help(out_.path));
  }

  Error unknown_option(const std::string& name) const {
    return make_error(Errc::unknown_option, fmt::format("{}: {}", spelled(out_.path), name),
                      suggestion(name, long_options(*leaf().command), out_.path));
  }

  Error missing_item() const {
    std::size_t given = items_of(*leaf().app).size();
    for (const Positional& positional : leaf().command->positionals) {
      if (given < positional.min) {
        return make_error(
            Errc::missing_argument, fmt::format("{}: {}", spelled(out_.path), positional.name),
            fmt::format("{} is {}; {}", positional.name, positional.help, see_help(out_.path)));
      }
      given -= positional.min;
    }
    return make_error(Errc::missing_argument, spelled(out_.path), see_help(out_.path));
  }

  /// `word` is the last that was taken: an option without its value, a flag with one, or an item
  /// after which more were expected.
  Error mismatch(const std::string& word) const {
    for (const Level& level : levels_) {
      for (const Option& option : level.command->options) {
        const bool cluster = is_option(word) && !word.starts_with("--");
        const std::string name =
            cluster ? std::string{'-', word.back()} : word.substr(0, word.find('='));
        if (name != option.long_name() && name != option.short_name()) continue;
        if (option.is_flag()) {
          return make_error(Errc::bad_value, fmt::format("{} takes no value", option.long_name()),
                            see_help(out_.path));
        }
        return make_error(Errc::missing_value,
                          fmt::format("{} {}", option.long_name(), option.value),
                          fmt::format("{}: {}", option.long_name(), option.help));
      }
    }
    return missing_item();
  }

  static std::vector<std::string> items_of(const CLI::App& app) {
    const CLI::Option* items = app.get_option_no_throw("items");
    return items ? items->results() : std::vector<std::string>();
  }

  /// Every option that was given, from the root to the command itself.
  template <class Visit>
  void each_given(const Visit& visit) const {
    for (const Level& level : levels_) {
      for (const Option& option : level.command->options) {
        const CLI::Option* parsed = level.app->get_option_no_throw(option.long_name());
        if (parsed != nullptr && parsed->count() > 0) visit(level, option, parsed->results());
      }
    }
  }

  /// An option of the command whose verb does not take it.
  std::optional<Error> other_option() const {
    std::optional<Error> error;
    each_given([&](const Level& level, const Option& option, const std::vector<std::string>&) {
      const bool known = level.command == &root_command() ||
                         find_option(leaf().command->options, option.long_name()) != nullptr;
      if (!known && !error) error = unknown_option(option.long_name());
    });
    return error;
  }

  /// `flash -b 9600 write` is `flash write -b 9600`.
  void collect() {
    each_given([this](const Level&, const Option& option, const std::vector<std::string>& given) {
      std::vector<std::string>& values = out_.options[option.long_name()];
      values.insert(values.end(), given.begin(), given.end());
    });
    out_.items = items_of(*leaf().app);
  }

  CLI::App app_;
  std::vector<Level> levels_;  ///< the root, the command, its verb
  Arguments out_;
  std::optional<Error> bad_choice_;
  std::optional<Error> misplaced_;
};

}  // namespace

std::string_view foreign_hint(std::string word) {
  if (!is_option(word)) std::ranges::replace(word, '-', '_');
  const auto known = std::ranges::find(foreign_words, word, &ForeignWord::word);
  return known == foreign_words.end() ? std::string_view() : known->hint;
}

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

Result<Arguments> parse(const std::vector<std::string>& given, const Command*& reached) {
  Parser parser;
  auto parsed = parser.parse(given);
  reached = parser.reached();
  return parsed;
}

}  // namespace aiot::cli
