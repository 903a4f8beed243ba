#include "aiot/config.hpp"

#include <ostream>

#include "aiot/bytes.hpp"
#include "command/commands.hpp"
#include "context.hpp"
#include "render/envelope.hpp"
#include "render/table.hpp"

namespace aiot::cli::command {
namespace {

int show(Context& context) {
  const Config& config = context.settings.config;
  const bool origin = context.args.has("--origin");
  ConfigListing listing;
  std::vector<std::vector<std::string>> rows;
  for (const ConfigKey& key : config_keys()) {
    const ConfigValue& value = config.get(key.name);
    listing.settings.push_back({std::string(key.name), value.value, value.origin});
    auto& row = rows.emplace_back();
    row = {std::string(key.name), escape_controls(value.value)};
    if (origin) row.push_back(escape_controls(value.origin));
  }
  render::Outcome outcome;
  outcome.record = std::move(listing);
  outcome.text = [&rows](std::ostream& out) { out << render::table(rows, 0); };
  return context.ui.finish(outcome);
}

int path(Context& context) {
  const Config& config = context.settings.config;
  render::Outcome outcome;
  outcome.record = ConfigFiles{config.files()};
  outcome.text = [&config](std::ostream& out) {
    for (const std::string& file : config.files()) out << escape_controls(file) << '\n';
  };
  return context.ui.finish(outcome);
}

}  // namespace

Command config() {
  return {
      .name = "config",
      .summary = "show the settings and where they come from",
      .description =
          "A setting is taken from the flag, else the environment (AIOT_FLASH_BAUD), else "
          "./aiot.yaml, else ~/.config/aiot/config.yaml, else /etc/aiot/config.yaml, "
          "else its default. See aiotctl-config(5).",
      .commands = {{.name = "show",
                    .summary = "show every setting",
                    .description = "",
                    .options = {{.names = "--origin", .help = "Say where each value comes from"}},
                    .examples = {{"config show --origin", "Why is the speed what it is?"}},
                    .handler = show,
                    .lists = render::lists_of<ConfigListing>},
                   {.name = "path",
                    .summary = "show the configuration files that are read",
                    .description = "In order of precedence; nothing when there are none.",
                    .examples = {{"config path", "Which files count here?"}},
                    .handler = path,
                    .lists = render::lists_of<ConfigFiles>}},
  };
}

}  // namespace aiot::cli::command
