#include "settings.hpp"

#include "aiot/units.hpp"
#include "errors.hpp"

namespace aiot::cli {
namespace {

Format format_by_name(std::string_view name) {
  return name == "json" ? Format::json : name == "jsonl" ? Format::jsonl : Format::text;
}

Result<Format> choose_format(const Arguments& args, const Config& config) {
  const bool json = args.has("--json");
  const bool jsonl = args.has("--jsonl");
  if (json && jsonl) {
    return make_error(Errc::conflict, "--json and --jsonl", "choose one: a document or events");
  }
  if (json) return Format::json;
  if (jsonl) return Format::jsonl;
  return format_by_name(config.get("output.format").value);
}

ConfigSources sources_of(const std::optional<std::string>& file, const Environment& environment) {
  ConfigSources sources = environment.config;
  sources.environment = environment.variable;
  if (file) sources.explicit_file = *file;
  return sources;
}

/// The last value that follows an option, in words that nobody has parsed.
std::optional<std::string> raw_value(const std::vector<std::string>& args,
                                     const std::string& option) {
  std::optional<std::string> value;
  for (auto word = args.begin(); word != args.end() && *word != "--"; ++word) {
    if (word->starts_with(option + "=")) value = word->substr(option.size() + 1);
    if (*word == option && word + 1 != args.end()) value = *++word;
  }
  return value;
}

/// The first flag that names a form of output.
std::optional<Format> raw_format(const std::vector<std::string>& args) {
  for (const std::string& word : args) {
    if (word == "--") break;
    if (word == "--json") return Format::json;
    if (word == "--jsonl") return Format::jsonl;
  }
  return std::nullopt;
}

}  // namespace

EarlySettings early_settings(const std::vector<std::string>& args, const Environment& environment) {
  const auto config =
      Config::load(sources_of(raw_value(args, "--config"), environment), null_sink());
  const auto setting = [&](std::string_view key) {
    if (config) return config->get(key).value;
    // A broken file does not silence the environment.
    const std::string name = config_variable(key);
    return environment.variable ? environment.variable(name).value_or("") : std::string();
  };
  EarlySettings early;
  early.format = raw_format(args).value_or(format_by_name(setting("output.format")));
  std::string color = raw_value(args, "--color").value_or(setting("output.color"));
  if (color != "always" && color != "never") color = "auto";
  early.color_err = use_color(color, environment.terminal.err, environment);
  return early;
}

bool use_color(const std::string& when, bool terminal, const Environment& environment) {
  if (when != "auto") return when == "always";
  const auto no_color = environment.variable ? environment.variable("NO_COLOR") : std::nullopt;
  return terminal && !environment.terminal.dumb && (!no_color || no_color->empty());
}

Result<Settings> make_settings(const Arguments& args, const Environment& environment,
                               EventSink& notices) {
  AIOT_TRY(Config config, Config::load(sources_of(args.get("--config"), environment), notices));

  Settings s;
  AIOT_TRY(s.format, choose_format(args, config));
  s.quiet = args.has("--quiet");
  s.verbosity = static_cast<int>(args.count("--verbose"));
  if (s.quiet && s.verbosity > 0) return make_error(Errc::conflict, "--quiet and --verbose");
  const std::string color = args.get("--color").value_or(config.get("output.color").value);
  s.color_out = use_color(color, environment.terminal.out, environment);
  s.color_err = use_color(color, environment.terminal.err, environment);
  s.may_ask = !args.has("--no-input") && environment.terminal.in && environment.terminal.err;
  s.yes = args.has("--yes");
  s.dry_run = args.has("--dry-run");
  AIOT_TRY(s.timeout, parse_duration(args.get("--timeout").value_or(config.get("timeout").value))
                          .with("--timeout"));
  s.log_file = args.get("--log-file").value_or(config.get("log_file").value);
  s.config = std::move(config);
  return s;
}

}  // namespace aiot::cli
