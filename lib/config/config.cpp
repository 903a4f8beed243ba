#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <fmt/format.h>

#include "aiot/config.hpp"
#include "aiot/units.hpp"
#include "config/yaml.hpp"

namespace aiot {
namespace {

// Sorted by name; `Config` looks keys up by position.
constexpr std::array<ConfigKey, 24> keys = {{
    {"discover.except", "string", "", "ways to look that are left out, with commas: ble,wifi"},
    {"discover.keys", "path", "", "file with the bind keys of encrypted adverts", true},
    {"discover.timeout", "duration", "3s", "how long a search takes"},
    {"flash.after", "string", "reset",
     "what to leave behind: the application running, or the loader", false, "reset|loader"},
    {"flash.baud", "integer", "0", "serial speed in bits a second; 0 finds the fastest that works"},
    {"flash.before", "string", "auto", "how to bring the chip into its loader", false,
     "auto|classic|usb-jtag|none"},
    {"flash.chip", "string", "auto", "the chip that must be there; auto detects"},
    {"flash.jobs", "integer", "0", "devices served at once; 0 serves all"},
    {"flash.stub_dir", "path", "", "folder with flasher stubs; empty looks in the data folders",
     true},
    {"listen.baud", "integer", "115200", "serial speed in bits a second"},
    {"listen.ca", "path", "", "certificate authorities for TLS (PEM)", true},
    {"listen.cert", "path", "", "client certificate for TLS (PEM)", true},
    {"listen.credentials", "path", "", "YAML file with user and password for a broker", true},
    {"listen.escape_key", "string", "ctrl-t", "the key that starts a command to aiotctl in keyboard mode",
     true},
    {"listen.idle", "duration", "200ms", "how long nothing must follow for a message to be whole"},
    {"listen.key", "path", "", "the client certificate's private key (PEM)", true},
    {"listen.raw", "string", "auto", "what of a device's control bytes may reach the terminal",
     true, "auto|none|colour|all"},
    {"listen.stamp", "string", "local", "what stands in front of each line", true,
     "local|utc|elapsed|none"},
    {"log_file", "path", "", "file that receives every event as text", true},
    {"output.color", "string", "auto", "colour on terminals", true, "auto|always|never"},
    {"output.format", "string", "text", "what standard output carries", true, "text|json|jsonl"},
    {"sim.flash_size", "size", "0", "flash of a virtual device; 0 for the chip's usual size"},
    {"sim.profile", "string", "", "timing profile of a virtual device; empty for the default"},
    {"timeout", "duration", "0",
     "time each device may take in all; 0 for the steps' own limits only"},
}};

}  // namespace

std::span<const ConfigKey> config_keys() { return keys; }

std::string config_variable(std::string_view key) {
  std::string name = "AIOT_";
  for (const char c : key) {
    name += c == '.' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
  }
  return name;
}

namespace {

using config::Errc;

/// A file of settings, and how far it is trusted.
struct Source {
  std::string path;
  std::string shown;  ///< as messages call it
  config::Trust trust = config::Trust::usual;
};

std::size_t index_of(std::string_view key) {
  const auto keys = config_keys();
  const auto it =
      std::find_if(keys.begin(), keys.end(), [&](const ConfigKey& k) { return k.name == key; });
  return static_cast<std::size_t>(it - keys.begin());
}

/// Why `value` does not fit, or "".
std::string complaint(const ConfigKey& key, const std::string& value) {
  if (!key.choices.empty()) {
    const std::string padded = fmt::format("|{}|", key.choices);
    if (value.find('|') != std::string::npos ||
        padded.find(fmt::format("|{}|", value)) == std::string::npos) {
      return fmt::format("one of {} is expected", key.choices);
    }
    return {};
  }
  if (key.type == "bool" && value != "true" && value != "false") return "true or false is expected";
  if (key.type == "integer") {
    std::uint32_t number = 0;
    const char* last = value.data() + value.size();
    const auto [end, error] = std::from_chars(value.data(), last, number);
    if (error != std::errc() || end != last) return "a whole number is expected";
  }
  if (key.type == "size" && !parse_size(value)) return "a size such as 4MB is expected";
  if (key.type == "duration" && !parse_duration(value)) return "a duration such as 30s is expected";
  return {};
}

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

using Variables = std::function<std::optional<std::string>(const std::string&)>;

std::string resolve_path(std::string value, const std::string& folder, const Variables& variables) {
  if (value.empty() || value.front() == '/') return value;
  if (value.starts_with("~/")) {
    return variables("HOME").value_or("") + value.substr(1);
  }
  return folder + "/" + value;
}

std::string user_file(const ConfigSources& sources, const Variables& variables) {
  if (!sources.user_file.empty()) return sources.user_file;
  const auto base = variables("XDG_CONFIG_HOME");
  if (base && base->starts_with('/')) return *base + "/aiot/config.yaml";
  const auto home = variables("HOME");
  return home && !home->empty() ? *home + "/.config/aiot/config.yaml" : "";
}

std::vector<Source> list_sources(const ConfigSources& sources, const Variables& variables) {
  if (!sources.explicit_file.empty()) {
    return {{sources.explicit_file, sources.explicit_file, config::Trust::named}};
  }
  return {{sources.working_directory + "/aiot.yaml", "./aiot.yaml", config::Trust::own_only},
          {user_file(sources, variables), user_file(sources, variables)},
          {sources.system_file, sources.system_file}};
}

}  // namespace

Result<Config> Config::load(const ConfigSources& sources, EventSink& sink) {
  const auto keys = config_keys();
  const Variables variables = sources.environment
                                  ? sources.environment
                                  : [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value ? std::optional<std::string>(value) : std::nullopt;
  };
  Config config;
  config.values_.resize(keys.size());
  const auto given = [&](std::size_t i) { return !config.values_[i].origin.empty(); };

  for (std::size_t i = 0; i < keys.size(); ++i) {
    const std::string name = config_variable(keys[i].name);
    const auto value = variables(name);
    if (!value || value->empty()) continue;
    if (const std::string why = complaint(keys[i], *value); !why.empty()) {
      return make_error(Errc::bad_value, fmt::format("{}=\"{}\"", name, *value), why);
    }
    config.values_[i] = {*value, "environment " + name};
  }

  for (const Source& source : list_sources(sources, variables)) {
    if (source.path.empty()) continue;
    const auto read = config::read_file(source.path, source.trust);
    if (!read && read.error().code == Errc::foreign) {
      sink.on_event(event::Notice{{},
                                  "config.foreign",
                                  source.shown + " is ignored: it belongs to another user",
                                  "copy it to use its settings, or work in another folder"});
      continue;
    }
    AIOT_TRY(const auto text, read);
    if (!text) continue;
    config.files_.push_back(source.shown);
    AIOT_TRY(const auto entries, config::parse_yaml(*text, source.shown));
    std::vector<bool> seen(keys.size());
    for (const config::Entry& entry : entries) {
      const std::string where = fmt::format("{}:{}", source.shown, entry.line);
      const std::size_t i = index_of(entry.key);
      if (i == keys.size()) {
        std::vector<std::string> names;
        for (const ConfigKey& key : keys) names.emplace_back(key.name);
        const std::string near = nearest_word(entry.key, names);
        return make_error(Errc::unknown_key, fmt::format("{}: \"{}\"", where, entry.key),
                          near.empty()
                              ? std::string("the manual page aiotctl-config(5) lists the settings")
                              : fmt::format("did you mean \"{}\"?", near));
      }
      if (seen[i]) {
        return make_error(Errc::duplicate_key, fmt::format("{}: \"{}\"", where, entry.key));
      }
      seen[i] = true;
      if (keys[i].trusted_only && source.trust == config::Trust::own_only) {
        sink.on_event(event::Notice{
            {},
            "config.untrusted",
            fmt::format("{}: \"{}\" is ignored: a file in the working directory may be anybody's",
                        where, entry.key),
            "set it in your own configuration file or in the environment"});
        continue;
      }
      if (const std::string why = complaint(keys[i], entry.value); !why.empty()) {
        return make_error(Errc::bad_value,
                          fmt::format("{}: \"{}: {}\"", where, entry.key, entry.value), why);
      }
      if (given(i)) continue;
      const bool path = keys[i].type == "path";
      config.values_[i] = {
          path ? resolve_path(entry.value, folder_of(source.path), variables) : entry.value, where};
    }
  }

  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (!given(i)) config.values_[i] = {std::string(keys[i].default_value), "default"};
  }
  return config;
}

const ConfigValue& Config::get(std::string_view key) const {
  const std::size_t i = index_of(key);
  if (i >= values_.size()) {
    fmt::print(stderr, "aiotctl: bug: no such setting: {}\n", key);
    std::abort();
  }
  return values_[i];
}

constexpr SchemaInfo config_schema = {"aiot.config/1",
                                      "What `aiotctl config show` and `config path` print"};
SchemaInfo schema_of(const ConfigListing&) { return config_schema; }
SchemaInfo schema_of(const ConfigFiles&) { return config_schema; }

static void describe(FieldVisitor& v, ConfigListing::Setting& setting) {
  v("key", setting.key, "such as flash.baud");
  v("value", setting.value, "as text");
  v("origin", setting.origin, "default, environment NAME, or FILE:LINE");
}
void describe(FieldVisitor& v, ConfigListing& listing) {
  v("settings", listing.settings, "every setting, sorted by key");
}
void describe(FieldVisitor& v, ConfigFiles& files) {
  v("files", files.files, "the files that are read, by precedence");
}

}  // namespace aiot
