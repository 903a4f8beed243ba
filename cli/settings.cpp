#include "settings.hpp"

#include "aiot/units.hpp"
#include "errors.hpp"

namespace aiot::cli {
namespace {

Result<Format> choose_format(const Arguments& args, const Config& config) {
  const bool json = args.has("--json");
  const bool jsonl = args.has("--jsonl");
  if (json && jsonl) {
    return make_error(Errc::conflict, "--json and --jsonl", "choose one: a document or events");
  }
  const std::string& configured = config.get("output.format").value;
  if (json) return Format::json;
  if (jsonl) return Format::jsonl;
  return configured == "json" ? Format::json : configured == "jsonl" ? Format::jsonl : Format::text;
}

}  // namespace

Format format_of(const std::vector<std::string>& args) {
  for (const std::string& word : args) {
    if (word == "--") break;
    if (word == "--json") return Format::json;
    if (word == "--jsonl") return Format::jsonl;
  }
  return Format::text;
}

bool use_color(const std::string& when, bool terminal, const Environment& environment) {
  if (when != "auto") return when == "always";
  const auto no_color = environment.variable ? environment.variable("NO_COLOR") : std::nullopt;
  return terminal && !environment.terminal.dumb && (!no_color || no_color->empty());
}

Result<Settings> make_settings(const Arguments& args, const Environment& environment,
                               EventSink& notices) {
  ConfigSources sources = environment.config;
  sources.environment = environment.variable;
  if (const auto file = args.get("--config")) sources.explicit_file = *file;
  AIOT_TRY(Config config, Config::load(sources, notices));

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
