#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aiot/describe.hpp"
#include "aiot/event.hpp"
#include "aiot/result.hpp"

namespace aiot {

/// One setting the configuration knows.
struct ConfigKey {
  std::string_view name;           ///< "flash.baud"; in the environment AIOT_FLASH_BAUD
  std::string_view type;           ///< "string", "path", "bool", "size", "duration", "integer"
  std::string_view default_value;  ///< as text
  std::string_view description;
  /// Ignored in ./aiot.yaml, which a stranger may have left: paths, and what is shown and how.
  bool trusted_only = false;
  std::string_view choices = {};  ///< "auto|always|never"; "" when the type alone says
};

/// The environment variable of a key: "flash.baud" is AIOT_FLASH_BAUD.
AIOT_API std::string config_variable(std::string_view key);

/// Every key, sorted by name.
AIOT_API std::span<const ConfigKey> config_keys();

/// A value and where it came from.
struct ConfigValue {
  std::string value;
  std::string origin;  ///< "default", "environment AIOT_FLASH_BAUD", "./aiot.yaml:3"
};

/// What `aiotctl config show` prints: every setting, sorted by key.
struct ConfigListing {
  struct Setting {
    std::string key;
    std::string value;
    std::string origin;
  };
  std::vector<Setting> settings;
};
AIOT_API SchemaInfo schema_of(const ConfigListing&);
AIOT_API void describe(FieldVisitor& v, ConfigListing& listing);

/// What `aiotctl config path` prints.
struct ConfigFiles {
  std::vector<std::string> files;  ///< that are read, by precedence
};
AIOT_API SchemaInfo schema_of(const ConfigFiles&);
AIOT_API void describe(FieldVisitor& v, ConfigFiles& files);

/// What the configuration is read from; tests pass their own. A file of at most 256 KiB, with one
/// level of sections and no YAML anchors or aliases; a relative path in a file is relative to it.
struct ConfigSources {
  std::function<std::optional<std::string>(const std::string&)>
      environment;  ///< nullptr: the real one
  std::string working_directory = ".";
  std::string explicit_file;  ///< instead of the three files; must exist
  std::string user_file;      ///< "" derives it from XDG_CONFIG_HOME or HOME
  std::string system_file = "/etc/aiot/config.yaml";
};

/// Settings merged by precedence: environment, ./aiot.yaml, user file, system file, default.
class AIOT_API Config {
 public:
  /// Condition::invalid_input names file, line and key; an unknown key is one, with the nearest.
  /// A trusted-only key in ./aiot.yaml is a notice to `sink`, not an error; so is an ./aiot.yaml
  /// that belongs to another user, which is not read.
  static Result<Config> load(const ConfigSources& sources, EventSink& sink);

  /// The value of a known key; a bug (abort) for an unknown one.
  const ConfigValue& get(std::string_view key) const;
  /// Files that were read, in order of precedence.
  const std::vector<std::string>& files() const { return files_; }

 private:
  std::vector<ConfigValue> values_;  // parallel to config_keys()
  std::vector<std::string> files_;
};

}  // namespace aiot
